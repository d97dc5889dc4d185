//! Requests to Hugging Face or a mirror.

use std::io::Read;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, StatusCode};

/// Longest silence of a server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest answer about a model, in bytes: a model of a thousand files has 300 kB.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// What a request came to, when not to what was asked for.
pub(super) enum Trouble {
    /// The server answered with this status.
    Status(StatusCode),
    /// It could not be reached, or fell silent.
    Network(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Status(status) if status.as_u16() == 404 => {
                f.write_str("there is no such file or model (404)")
            }
            Trouble::Status(status) if matches!(status.as_u16(), 401 | 403) => write!(
                f,
                "it is not open to everybody ({status}): accept its terms on its page, and give \
                 your token as HF_TOKEN"
            ),
            Trouble::Status(status) => write!(f, "the server answers {status}"),
            Trouble::Network(detail) => write!(f, "cannot be reached: {detail}"),
        }
    }
}

/// A client with its token.
pub(super) struct Client {
    agent: Agent,
    token: Option<String>,
}

/// Bytes of a file.
pub(super) struct Body {
    /// Where they start in it.
    pub(super) start: u64,
    pub(super) reader: Box<dyn Read>,
}

impl Client {
    pub(super) fn new(token: Option<String>) -> Client {
        // Redirects to another host lose the token, which is ureq's default.
        let config = Agent::config_builder()
            .http_status_as_error(false)
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

    /// A JSON document.
    pub(super) fn json(&self, url: &str) -> Result<serde_json::Value, Trouble> {
        let response = self.get(url, 0)?;
        if response.status() != StatusCode::OK {
            return Err(Trouble::Status(response.status()));
        }
        let mut bytes = Vec::new();
        let mut reader = response.into_body().into_reader().take(ANSWER_BYTES_MAX);
        reader.read_to_end(&mut bytes).map_err(|error| Trouble::Network(error.to_string()))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Trouble::Network(format!("its answer is not JSON ({error})")))
    }

    /// A file from byte `start` on, or from its first where the server does not do parts.
    pub(super) fn file(&self, url: &str, start: u64) -> Result<Body, Trouble> {
        let response = self.get(url, start)?;
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if begins_at(&response, start) => start,
            StatusCode::PARTIAL_CONTENT => {
                return Err(Trouble::Network("it sends another part than asked for".into()));
            }
            status => return Err(Trouble::Status(status)),
        };
        Ok(Body { start, reader: Box::new(response.into_body().into_reader()) })
    }
}

/// Whether `Content-Range: bytes 5-9/10` begins with what was asked for.
fn begins_at(response: &Response<ureq::Body>, start: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|value| value.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    first.and_then(|first| first.parse().ok()) == Some(start)
}
