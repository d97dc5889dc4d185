//! A small server on this machine that does what servers do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How the server answers a request for a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Manner {
    Well,
    /// Ignores that a part was asked for.
    Whole,
    /// Breaks off after so many bytes of the answer, this many times.
    Cut(usize, u32),
    Damaged,
    TooLong,
    /// Does not say how long its answer is.
    Unannounced,
    /// Sends to `/cdn`, where the file is.
    Redirect,
    Status(u16),
    /// Answers with this status so many times, then well.
    Busy(u16, u32),
    /// Serves these bytes once it was asked so many times, and the sum of them beside.
    Replaced(Vec<u8>, u32),
}

#[derive(Clone)]
pub struct Served {
    pub bytes: Vec<u8>,
    pub manner: Manner,
}

pub type Files = BTreeMap<String, Served>;

/// What a path leads to.
pub enum Route {
    /// A page that is made when it is asked for.
    Page(String),
    /// A file, by name.
    File(String),
    Nothing,
}

/// What was asked for: path and range.
pub type Log = Arc<Mutex<Vec<(String, String)>>>;

pub struct Server {
    pub endpoint: String,
    pub files: Arc<Mutex<Files>>,
    pub log: Log,
}

impl Server {
    pub fn start(route: impl Fn(&Files, &str) -> Route + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let (files, log) = (Arc::default(), Log::default());
        let server = Server { endpoint, files, log };
        let (files, log) = (server.files.clone(), server.log.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                // A client that goes away is one of the cases.
                let _ = answer(stream, &route, &files, &log);
            }
        });
        server
    }

    pub fn set(&self, name: &str, bytes: Vec<u8>, manner: Manner) {
        self.files.lock().unwrap().insert(name.to_owned(), Served { bytes, manner });
    }

    pub fn manner(&self, name: &str, manner: Manner) {
        self.files.lock().unwrap().get_mut(name).expect("a file").manner = manner;
    }

    /// What was asked for since the last call.
    pub fn asked(&self) -> Vec<(String, String)> {
        self.log.lock().unwrap().drain(..).collect()
    }
}

/// An address of this machine where nobody answers.
pub fn nobody() -> String {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    format!("http://{}", closed.expect("its address"))
}

fn answer(
    mut stream: TcpStream,
    route: &impl Fn(&Files, &str) -> Route,
    files: &Mutex<Files>,
    log: &Log,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = String::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("range: ") {
            range = value.to_owned();
        }
    }
    log.lock().unwrap().push((path.clone(), range.clone()));
    let mut files = files.lock().unwrap();
    let name = match route(&files, &path) {
        Route::Page(page) => return respond(&mut stream, "200 OK", "", page.as_bytes()),
        Route::File(name) => name,
        Route::Nothing => String::new(),
    };
    let Some(served) = files.get_mut(&name) else {
        return respond(&mut stream, "404 Not Found", "", b"");
    };
    if let Manner::Replaced(bytes, times) = &mut served.manner {
        if *times == 0 {
            *served = Served { bytes: bytes.clone(), manner: Manner::Well };
        } else {
            *times -= 1;
        }
    }
    let start = match served.manner {
        Manner::Whole => 0,
        _ => range
            .strip_prefix("bytes=")
            .and_then(|range| range.strip_suffix('-'))
            .map_or(0, |start| start.parse().unwrap()),
    };
    let total = served.bytes.len();
    if start > 0 && start >= total {
        return respond(&mut stream, "416 Range Not Satisfiable", "", b"");
    }
    let mut body = served.bytes[start..].to_vec();
    let (status, extra) = match start {
        0 => ("200 OK", String::new()),
        _ => (
            "206 Partial Content",
            format!("Content-Range: bytes {start}-{}/{total}\r\n", total - 1),
        ),
    };
    match &mut served.manner {
        Manner::Status(status) => {
            return respond(&mut stream, &format!("{status} No"), "", b"");
        }
        Manner::Busy(status, times) if *times > 0 => {
            *times -= 1;
            return respond(&mut stream, &format!("{status} Later"), "", b"");
        }
        Manner::Redirect if !path.starts_with("/cdn/") => {
            let place = format!("Location: /cdn/{name}\r\n");
            return respond(&mut stream, "302 Found", &place, b"");
        }
        Manner::Damaged => body[0] ^= 1,
        Manner::TooLong => body.push(0),
        Manner::Unannounced => {
            stream.write_all(
                format!("HTTP/1.1 {status}\r\n{extra}Connection: close\r\n\r\n").as_bytes(),
            )?;
            return stream.write_all(&body);
        }
        Manner::Cut(bytes, times) if *times > 0 => {
            *times -= 1;
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{extra}Connection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            return stream.write_all(&body[..body.len().min(*bytes)]);
        }
        _ => {}
    }
    respond(&mut stream, status, &extra, &body)
}

fn respond(stream: &mut TcpStream, status: &str, extra: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{extra}Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}
