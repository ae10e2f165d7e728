//! Trees: `├── ` and `└── `.

use crate::fault::printable;

/// A line with its children.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    label: String,
    children: Vec<Node>,
}

impl Node {
    pub fn new(label: impl AsRef<str>) -> Self {
        Self { label: printable(label.as_ref()), children: Vec::new() }
    }

    /// `name: value`.
    pub fn pair(name: &str, value: impl AsRef<str>) -> Self {
        Self::new(format!("{name}: {}", value.as_ref()))
    }

    pub fn with(mut self, child: Node) -> Self {
        self.children.push(child);
        self
    }

    pub fn with_all(mut self, children: impl IntoIterator<Item = Node>) -> Self {
        self.children.extend(children);
        self
    }

    /// The tree, each line ended.
    pub fn render(&self) -> String {
        let mut text = format!("{}\n", self.label);
        self.render_children(&mut text, "");
        text
    }

    fn render_children(&self, text: &mut String, indent: &str) {
        for (i, child) in self.children.iter().enumerate() {
            let (branch, below) = if i + 1 == self.children.len() {
                ("└── ", "    ")
            } else {
                ("├── ", "│   ")
            };
            text.push_str(indent);
            text.push_str(branch);
            text.push_str(&child.label);
            text.push('\n');
            child.render_children(text, &format!("{indent}{below}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_child_closes_its_branch() {
        let tree = Node::new("root")
            .with(Node::new("a").with(Node::pair("k", "v\n::x")))
            .with(Node::new("b").with(Node::new("c")));
        assert_eq!(tree.render(), "root\n├── a\n│   └── k: v\u{fffd}::x\n└── b\n    └── c\n");
    }
}
