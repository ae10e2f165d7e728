//! A Rust file as its paths: what it uses, outside comments, texts and test code.

use std::fmt;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

pub struct Source {
    /// From the project's root, with `/`.
    pub path: String,
    pub text: String,
    /// Every path of two segments or more, with groups taken apart.
    pub uses: Vec<Use>,
    pub functions: Vec<String>,
    /// The kind of each value that lives as long as the process and can change.
    pub globals: Vec<String>,
    /// Paths without `.rs` of the modules compiled for tests alone.
    pub test_modules: Vec<String>,
}

pub struct Use {
    segments: Vec<String>,
}

impl Source {
    /// The first folder below `src/`, or the file's own name there.
    pub fn room(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        below.split(['/', '.']).next().unwrap_or(below)
    }
}

impl Use {
    /// The room of this crate that the path leads into.
    pub fn room(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [first, room, ..] if ["crate", "sealwright"].contains(&first.as_str()) => Some(room),
            _ => None,
        }
    }

    pub fn first(&self) -> &str {
        &self.segments[0]
    }

    pub fn starts_with(&self, path: &[&str]) -> bool {
        self.segments.len() >= path.len() && self.segments.iter().zip(path).all(|(a, b)| a == b)
    }

    /// Whether the path, or one it is a part of, is the one asked for.
    pub fn mentions(&self, path: &str) -> bool {
        self.starts_with(&path.split("::").collect::<Vec<_>>())
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("::"))
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    text: String,
}

impl Token {
    fn is(&self, text: &str) -> bool {
        self.text == text
    }

    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

pub fn read(path: String, text: String) -> Source {
    let (tokens, tests) = without_tests(tokens(&text));
    let module = module(&path);
    let mut uses = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts = tokens[at].is_word() && (at == 0 || !tokens[at - 1].is("::"));
        if starts {
            at = paths(&tokens, at, &mut Vec::new(), &mut uses).max(at + 1);
        } else {
            at += 1;
        }
    }
    for used in &mut uses {
        absolute(&mut used.segments, &module);
    }
    Source {
        uses,
        functions: functions(&tokens),
        globals: globals(&tokens),
        test_modules: tests.iter().map(|name| format!("src/{}", below(&module, name))).collect(),
        path,
        text,
    }
}

/// Reads one path, or one tree of a `use`, from `at` on; returns where it ended.
fn paths(tokens: &[Token], at: usize, before: &mut Vec<String>, uses: &mut Vec<Use>) -> usize {
    let word = |i: usize| tokens.get(i).is_some_and(Token::is_word);
    let is = |i: usize, text: &str| tokens.get(i).is_some_and(|t| t.is(text));
    let depth = before.len();
    let mut at = at;
    loop {
        if word(at) {
            before.push(tokens[at].text.clone());
            at += 1;
        }
        if is(at, "::") && word(at + 1) {
            at += 1;
        } else {
            break;
        }
    }
    if is(at, "::") && is(at + 1, "{") {
        at += 2;
        while at < tokens.len() && !is(at, "}") {
            if is(at, "as") {
                at += 2;
            } else if word(at) {
                at = paths(tokens, at, before, uses);
            } else {
                at += 1;
            }
        }
        at += 1;
    } else if before.len() > 1 {
        uses.push(Use { segments: before.clone() });
    }
    before.truncate(depth);
    at
}

/// `super::` and `self::` become `crate::…`.
fn absolute(segments: &mut Vec<String>, module: &[String]) {
    let supers = segments.iter().take_while(|s| *s == "super").count();
    let selfs = usize::from(segments[0] == "self");
    if supers + selfs == 0 {
        return;
    }
    let kept = module.len().saturating_sub(supers);
    let mut whole = vec!["crate".to_owned()];
    whole.extend_from_slice(&module[..kept]);
    whole.extend(segments.drain(supers + selfs..));
    *segments = whole;
}

fn module(path: &str) -> Vec<String> {
    let below = path.strip_prefix("src/").unwrap_or(path);
    let mut parts: Vec<String> =
        below.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

fn below(module: &[String], name: &str) -> String {
    let mut parts = module.to_vec();
    parts.push(name.to_owned());
    parts.join("/")
}

fn functions(tokens: &[Token]) -> Vec<String> {
    tokens.windows(2).filter(|w| w[0].is("fn")).map(|w| w[1].text.clone()).collect()
}

fn globals(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.is("thread_local") || token.is("lazy_static") {
            found.push(token.text.clone());
        }
        if !token.is("static") {
            continue;
        }
        let declared = tokens[at..].iter().take_while(|t| !t.is("=") && !t.is(";"));
        for part in declared {
            let changes = ["mut", "OnceLock", "OnceCell", "LazyLock", "Mutex", "RwLock"];
            if changes.contains(&part.text.as_str()) || part.text.starts_with("Atomic") {
                found.push(format!("static {}", part.text));
                break;
            }
        }
    }
    found
}

/// Drops every item under `#[cfg(test)]`; returns the names of the modules among them.
fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, Vec<String>) {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let marked = tokens[at..].len() > mark.len()
            && mark.iter().zip(&tokens[at..]).all(|(text, token)| token.is(text));
        if !marked {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += mark.len();
        let mut depth = 0_usize;
        while let Some(token) = tokens.get(at) {
            if depth == 0 && token.is("mod") {
                modules.extend(tokens.get(at + 1).map(|name| name.text.clone()));
            }
            depth += usize::from(["(", "[", "{"].contains(&token.text.as_str()));
            let closes = [")", "]", "}"].contains(&token.text.as_str());
            depth = depth.saturating_sub(usize::from(closes));
            at += 1;
            if depth == 0 && (token.is(";") || token.is("}")) {
                break;
            }
        }
    }
    (kept, modules)
}

/// Words and signs, brackets included; comments and literals are left out.
fn tokens(text: &str) -> Vec<Token> {
    let stream: TokenStream = text.parse().expect("source files are Rust");
    let mut found = Vec::new();
    flatten(stream, &mut found);
    found
}

fn flatten(stream: TokenStream, found: &mut Vec<Token>) {
    let push = |text: &str, found: &mut Vec<Token>| found.push(Token { text: text.to_owned() });
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Literal(_) => {}
            TokenTree::Ident(word) => push(&word.to_string(), found),
            TokenTree::Punct(sign) if sign.as_char() == '\'' => drop(trees.next()),
            TokenTree::Punct(sign) => {
                let colon =
                    |tree: &TokenTree| matches!(tree, TokenTree::Punct(p) if p.as_char() == ':');
                if sign.as_char() == ':'
                    && sign.spacing() == Spacing::Joint
                    && trees.next_if(colon).is_some()
                {
                    push("::", found);
                } else {
                    push(&sign.as_char().to_string(), found);
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(open, found);
                flatten(group.stream(), found);
                push(close, found);
            }
        }
    }
}
