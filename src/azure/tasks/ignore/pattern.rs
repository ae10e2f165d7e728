//! One pattern of a .dockerignore: Go's filepath.Match, and `**`.

/// A pattern, held against whole paths.
#[derive(Debug)]
pub(super) struct Pattern(Kind);

#[derive(Debug)]
enum Kind {
    Tokens(Vec<Token>),
    /// `**` and no other wildcard after it.
    Ending(String),
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Is(char),
    /// `?`: any character but `/`.
    One,
    /// `*`: any number of them.
    Some,
    /// `**/`, or `**` before something else: nothing, or anything up to a `/`. What it is made of follows it.
    Folders,
    Inside,
    /// `**` at the end.
    Rest,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(ending) = text.strip_prefix("**")
            && !ending.is_empty()
            && ending != "/"
            && !ending.contains(['*', '?', '[', '\\'])
        {
            return Ok(Self(Kind::Ending(ending.to_owned())));
        }
        let mut tokens = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let token = match c {
                '*' if rest.next_if_eq(&'*').is_some() => {
                    rest.next_if_eq(&'/');
                    match rest.peek() {
                        None => Token::Rest,
                        Some(_) => {
                            tokens.push(Token::Folders);
                            Token::Inside
                        }
                    }
                }
                '*' => Token::Some,
                '?' => Token::One,
                '\\' => Token::Is(rest.next().ok_or("an escape of nothing")?),
                '[' => class(&mut rest)?,
                c => Token::Is(c),
            };
            tokens.push(token);
        }
        Ok(Self(Kind::Tokens(tokens)))
    }

    /// Whether the path or a folder it is in matches, in time that grows with the lengths of pattern and
    /// path multiplied, whatever they are.
    pub fn takes(&self, path: &str) -> bool {
        match &self.0 {
            Kind::Ending(ending) => {
                let fits = |path: &str| {
                    path.ends_with(ending.as_str()) || ending.strip_prefix('/') == Some(path)
                };
                fits(path) || path.match_indices('/').any(|(end, _)| fits(&path[..end]))
            }
            Kind::Tokens(tokens) => takes(tokens, path),
        }
    }
}

/// Follows all ways through the tokens side by side: `at[i]` means that those before `i` are used up.
fn takes(tokens: &[Token], path: &str) -> bool {
    let end = tokens.len();
    let mut at = vec![false; end + 1];
    at[0] = true;
    pass_what_may_be_nothing(tokens, &mut at);
    for c in path.chars() {
        if c == '/' && at[end] {
            return true;
        }
        let mut next = vec![false; end + 1];
        for (i, token) in tokens.iter().enumerate().filter(|(i, _)| at[*i]) {
            match token {
                Token::Is(wanted) => next[i + 1] |= c == *wanted,
                Token::One => next[i + 1] |= c != '/',
                Token::Some => next[i] |= c != '/',
                Token::Rest => next[i] = true,
                Token::Folders => {}
                Token::Inside => {
                    next[i] = true;
                    next[i + 1] |= c == '/';
                }
                Token::Class { negated, ranges } => {
                    let inside = ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                    next[i + 1] |= inside != *negated;
                }
            }
        }
        pass_what_may_be_nothing(tokens, &mut next);
        at = next;
    }
    at[end]
}

fn pass_what_may_be_nothing(tokens: &[Token], at: &mut [bool]) {
    for (i, token) in tokens.iter().enumerate() {
        if at[i] && matches!(token, Token::Some | Token::Rest | Token::Folders) {
            at[i + 1] = true;
            if *token == Token::Folders {
                at[i + 2] = true;
            }
        }
    }
}

fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, &'static str> {
    const OPEN: &str = "a class without its end";
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    let one = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>| match rest.next() {
        Some('\\') => rest.next().ok_or(OPEN),
        other => other.ok_or(OPEN),
    };
    loop {
        match rest.peek() {
            Some(']') if !ranges.is_empty() => {
                rest.next();
                return Ok(Token::Class { negated, ranges });
            }
            Some(']') | None => return Err(OPEN),
            Some(_) => {}
        }
        let from = one(rest)?;
        let to = match rest.next_if_eq(&'-') {
            Some(_) if rest.peek() != Some(&']') => one(rest)?,
            Some(_) => return Err(OPEN),
            None => from,
        };
        if to < from {
            return Err("a range that goes backwards");
        }
        ranges.push((from, to));
    }
}
