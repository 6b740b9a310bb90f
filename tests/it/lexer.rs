//! Rust source as a row of tokens with their lines: enough to read paths and braces, no more.

/// A word, a `::`, or one other sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// Counted from 1.
    pub line: usize,
}

/// A path such as `crate::engine::Sight`, with the line of its first segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub segments: Vec<String>,
    pub line: usize,
}

/// The tokens of `source`, without comments, strings and characters.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    Lexer::read(&chars).tokens
}

/// The strings of `source`, without raw ones, as their program has them: line continuations are joined.
pub fn strings(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    Lexer::read(&chars).strings
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    line: usize,
    tokens: Vec<Token>,
    strings: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn read(chars: &'a [char]) -> Self {
        let mut lexer = Self { chars, at: 0, line: 1, tokens: Vec::new(), strings: Vec::new() };
        while lexer.at < chars.len() {
            lexer.step();
        }
        lexer
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.line += usize::from(self.peek(0) == '\n');
            self.at += 1;
        }
    }

    fn skip_until(&mut self, end: &str) {
        let end: Vec<char> = end.chars().collect();
        while self.at < self.chars.len() && !self.chars[self.at..].starts_with(&end) {
            self.skip(1);
        }
        self.skip(end.len());
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.skip_until("\n"),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('r', '"' | '#') | ('b', '"') if self.raw_or_byte_string() => (),
            ('\'', _) => self.character_or_lifetime(),
            (':', ':') => self.push(2),
            (c, _) if c.is_alphabetic() || c == '_' => {
                let rest = &self.chars[self.at..];
                let length = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
                self.push(length);
            }
            (c, _) if c.is_whitespace() => self.skip(1),
            _ => self.push(1),
        }
    }

    fn push(&mut self, length: usize) {
        let text = self.chars[self.at..self.at + length].iter().collect();
        self.tokens.push(Token { text, line: self.line });
        self.skip(length);
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                ('\0', _) => return,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.skip(1);
        let (line, mut text) = (self.line, String::new());
        while !matches!(self.peek(0), '"' | '\0') {
            match (self.peek(0), self.peek(1)) {
                ('\\', '\n') => {
                    self.skip(2);
                    while self.peek(0).is_whitespace() {
                        self.skip(1);
                    }
                }
                ('\\', escaped) => {
                    text.push(escaped);
                    self.skip(2);
                }
                (c, _) => {
                    text.push(c);
                    self.skip(1);
                }
            }
        }
        self.skip(1);
        self.strings.push(Token { text, line });
    }

    /// Skips `r"…"`, `r#"…"#` or `b"…"`; false where it is something else, as the name `r#type`.
    fn raw_or_byte_string(&mut self) -> bool {
        let hashes = self.chars[self.at + 1..].iter().take_while(|c| **c == '#').count();
        if self.peek(1 + hashes) != '"' {
            return false;
        }
        let raw = self.peek(0) == 'r';
        self.skip(1 + hashes);
        if raw {
            self.skip(1);
            self.skip_until(&format!("\"{}", "#".repeat(hashes)));
        } else {
            self.string();
        }
        true
    }

    fn character_or_lifetime(&mut self) {
        if self.peek(1) == '\\' {
            self.skip(3);
            self.skip_until("'");
        } else if self.peek(2) == '\'' {
            self.skip(3);
        } else {
            self.skip(1);
        }
    }
}

/// Every path in `tokens` that is rooted (`crate::…`, or a word that is followed by `::` and not
/// preceded by it), with `super` and `self` resolved against `module`, the path of the file. Paths in
/// the crate begin with `crate`; a `use` tree gives one path per leaf.
pub fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    let mut found = Vec::new();
    let mut depth = 0;
    // The modules written inside this file that are open, with the depth that closes them.
    let mut inner: Vec<(String, usize)> = Vec::new();
    for at in 0..tokens.len() {
        match text(at) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inner.retain(|(_, opened)| *opened <= depth);
            }
            "mod" if text(at + 2) == "{" => inner.push((text(at + 1).to_owned(), depth + 1)),
            word if is_word(word) && text(at + 1) == "::" && (at == 0 || text(at - 1) != "::") => {
                let mut here: Vec<String> = module.to_vec();
                here.extend(inner.iter().map(|(name, _)| name.clone()));
                let in_tree = at > 0 && matches!(text(at - 1), "{" | ",") && is_in_use(tokens, at);
                if !in_tree {
                    tree(tokens, at, Vec::new(), &mut found);
                    resolve(&mut found, &here);
                }
            }
            _ => (),
        }
    }
    found
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Is the token at `at` inside the braces of a `use`? Its leaves were read with their root.
fn is_in_use(tokens: &[Token], at: usize) -> bool {
    for token in tokens[..at].iter().rev() {
        match token.text.as_str() {
            "use" => return true,
            "{" | "}" | "," | "::" | "*" => (),
            word if is_word(word) => (),
            _ => return false,
        }
    }
    false
}

/// Reads the path at `at`, with its groups; returns the token after it.
fn tree(tokens: &[Token], at: usize, before: Vec<String>, found: &mut Vec<Path>) -> usize {
    let mut segments = before;
    let line = tokens[at].line;
    let mut at = at;
    loop {
        match tokens.get(at).map(|token| token.text.as_str()) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = tree(tokens, at, segments.clone(), found).max(at + 1);
                    while tokens.get(at).is_some_and(|token| token.text == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(word) if is_word(word) || word == "*" => segments.push(word.to_owned()),
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token.text != "::") {
            break;
        }
        at += 1;
    }
    found.push(Path { segments, line });
    // `as name` belongs to the leaf.
    if tokens.get(at).is_some_and(|token| token.text == "as") { at + 2 } else { at }
}

/// Turns leading `self` and `super` into `crate::…`; `here` is the module that they stand in.
fn resolve(found: &mut [Path], here: &[String]) {
    for path in found {
        let supers = path.segments.iter().take_while(|segment| *segment == "super").count();
        let up = match path.segments.first().map(String::as_str) {
            Some("self") => 0,
            Some("super") => supers,
            _ => continue,
        };
        let skipped = if up == 0 { 1 } else { up };
        let mut segments = vec!["crate".to_owned()];
        segments.extend(here[..here.len().saturating_sub(up)].iter().cloned());
        segments.extend(path.segments.drain(..).skip(skipped));
        path.segments = segments;
    }
}

/// Each function's name, first line and number of lines, signature and braces included.
pub fn functions(tokens: &[Token]) -> Vec<(String, usize, usize)> {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    let mut found = Vec::new();
    for at in (0..tokens.len()).filter(|at| text(*at) == "fn" && is_word(text(*at + 1))) {
        let body = (at..tokens.len()).find(|at| matches!(text(*at), "{" | ";"));
        let Some(open) = body.filter(|at| text(*at) == "{") else { continue };
        let mut depth = 0;
        let close = (open..tokens.len()).find(|at| {
            match text(*at) {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => (),
            }
            depth == 0
        });
        if let Some(close) = close {
            found.push((text(at + 1).to_owned(), tokens[at].line, tokens[close].line - tokens[at].line + 1));
        }
    }
    found
}

#[test]
fn comments_strings_and_lifetimes_are_no_tokens() {
    let source = "fn a<'x>(s: &'x str) { /* { /* } */ */ let _ = ('{', \"}\\\"{\", r#\"}\"#); } // }";
    let joined: Vec<_> = tokens(source).into_iter().map(|token| token.text).collect();
    assert_eq!(joined.iter().filter(|text| *text == "{").count(), 1, "{joined:?}");
    assert_eq!(functions(&tokens("fn a() {\n if x {\n }\n}\nfn b();")), [("a".to_owned(), 1, 4)]);
}

#[test]
fn a_use_tree_gives_a_path_per_leaf_and_super_is_resolved() {
    let module = ["rules".to_owned(), "manual_share".to_owned()];
    let read = |source: &str| -> Vec<String> {
        paths(&tokens(source), &module).iter().map(|path| path.segments.join("::")).collect()
    };
    assert_eq!(
        read("use crate::{domain::{Grade, Span as S}, engine::*};\nfn f() { super::super::cli::run(); }"),
        ["crate::domain::Grade", "crate::domain::Span", "crate::engine::*", "crate::cli::run"]
    );
    assert_eq!(
        read("mod tests { use super::super::far; } use super::near;"),
        ["crate::rules::far", "crate::rules::near"]
    );
}
