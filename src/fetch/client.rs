//! Requests to a server.

use std::fmt;
use std::io::Read;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, StatusCode};

/// Longest silence of a server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest answer that is read into memory, in bytes: a list of a thousand files has 300 kB.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// What a request came to, when not to what was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// The server answered with this status.
    Status(StatusCode),
    /// It could not be reached, fell silent, or does not speak as servers do.
    Network(String),
}

impl Trouble {
    /// Whether the server may answer better a little later: too many requests, or a fault of its own.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Trouble::Status(status) => matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504),
            Trouble::Network(_) => true,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Status(status) if status.as_u16() == 404 => {
                f.write_str("there is no such file (404)")
            }
            Trouble::Status(status) => write!(f, "the server answers {status}"),
            Trouble::Network(detail) => write!(f, "cannot be reached: {detail}"),
        }
    }
}

/// A client, with a token if the server wants one.
pub(crate) struct Client {
    agent: Agent,
    token: Option<String>,
}

/// Bytes of a file.
pub(super) struct Body {
    /// Where they start in it.
    pub(super) start: u64,
    /// Bytes of the whole file, where the server says.
    pub(super) size: Option<u64>,
    pub(super) reader: Box<dyn Read>,
}

impl Client {
    /// With `https_only`, a redirect to a server without encryption is refused.
    pub(crate) fn new(token: Option<String>, https_only: bool) -> Client {
        // Redirects to another host lose the token, which is ureq's default.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(https_only)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .user_agent(concat!("medvec/", env!("CARGO_PKG_VERSION")))
            .build();
        Client { agent: config.into(), token }
    }

    fn get(&self, url: &str, start: u64) -> Result<Response<ureq::Body>, Trouble> {
        let mut request = self.agent.get(url);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        request.call().map_err(|error| Trouble::Network(error.to_string()))
    }

    /// A short answer.
    pub(crate) fn bytes(&self, url: &str) -> Result<Vec<u8>, Trouble> {
        let response = self.get(url, 0)?;
        if response.status() != StatusCode::OK {
            return Err(Trouble::Status(response.status()));
        }
        let mut bytes = Vec::new();
        let mut reader = response.into_body().into_reader().take(ANSWER_BYTES_MAX);
        reader.read_to_end(&mut bytes).map_err(|error| Trouble::Network(error.to_string()))?;
        Ok(bytes)
    }

    /// A file from byte `start` on, or from its first where the server does not do parts.
    pub(super) fn file(&self, url: &str, start: u64) -> Result<Body, Trouble> {
        let response = self.get(url, start)?;
        let (start, size) = match response.status() {
            StatusCode::OK => (0, response.body().content_length()),
            StatusCode::PARTIAL_CONTENT => match range_of(&response) {
                Some((first, size)) if first == start => (start, size),
                _ => return Err(Trouble::Network("it sends another part than asked for".into())),
            },
            // Nothing is behind the last byte that is here: it may be another file by now.
            StatusCode::RANGE_NOT_SATISFIABLE if start > 0 => return self.file(url, 0),
            status => return Err(Trouble::Status(status)),
        };
        Ok(Body { start, size, reader: Box::new(response.into_body().into_reader()) })
    }
}

/// The first byte and the size of the file in `Content-Range: bytes 5-9/10`.
fn range_of(response: &Response<ureq::Body>) -> Option<(u64, Option<u64>)> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    let (range, size) = range.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split('-').next()?.parse().ok()?, size.parse().ok()))
}
