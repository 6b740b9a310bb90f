//! The settings of HTTP.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::client;
use super::layers::Secrets;
use super::reader::SectionReader;

/// A shorter token can be guessed.
const TOKEN_BYTES_MIN: usize = 16;

/// The page, the metrics and the health checks.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where they are served; `None` = nowhere.
    pub listen: Option<SocketAddr>,
    /// Names of this host, beside its addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Alerts and statistics; `None` = nowhere.
    pub api: Option<Api>,
}

/// What is about persons.
#[derive(Clone, Debug)]
pub struct Api {
    /// Where it is served.
    pub listen: SocketAddr,
    /// Who is let in.
    pub access: ApiAccess,
}

/// Who is let in where persons are shown.
#[derive(Clone, Debug)]
pub enum ApiAccess {
    /// Whoever has this token.
    Token(Token),
    /// Whoever has an access token, with its scope.
    Jwt,
}

/// A secret that is compared and never shown.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// The token `text`; of it, a hash is kept.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Is it this one? Takes as long for any other: hashes are compared, and nobody can choose theirs.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.0 == Self::new(text).0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl SectionReader<'_> {
    /// The group `http`.
    pub(super) fn http(&mut self, secrets: Secrets, insecure: bool) -> Http {
        let hosts = self.text("http.hosts");
        let hosts = hosts.split(',').map(str::trim).filter(|host| !host.is_empty());
        let hosts = hosts.map(str::to_owned).collect();
        let api = self.listen("http.api_listen").and_then(|listen| {
            if self.text("http.api_access") == "jwt" {
                return Some(Api { listen, access: ApiAccess::Jwt });
            }
            let file = self.text("http.api_token_file");
            if secrets == Secrets::Leave {
                return None;
            }
            let token = if file.is_empty() {
                Err("is empty, expected a file with the token that `http.api_listen` asks for".to_owned())
            } else {
                client::read_secret(Path::new(&file), insecure).and_then(|token| {
                    let is_long = TOKEN_BYTES_MIN <= token.len();
                    is_long.then_some(token).ok_or(format!("`{file}` has fewer than {TOKEN_BYTES_MIN} bytes"))
                })
            };
            match token {
                Ok(token) => Some(Api { listen, access: ApiAccess::Token(Token::new(&token)) }),
                Err(text) => {
                    self.wrong("http.api_token_file", format!("`http.api_token_file`: {text}"));
                    None
                }
            }
        });
        Http { listen: self.listen("http.listen"), hosts, api }
    }
}
