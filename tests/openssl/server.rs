//! A small HTTP server on loopback whose answers a test gives, path by path.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The rest of the path below the place, percent-decoded, and the body.
pub struct Question {
    pub rest: String,
    pub body: Vec<u8>,
}

/// Media type and body; none is a 400, which nobody tries again.
pub type Answer = Option<(&'static str, Vec<u8>)>;

type Place = Arc<dyn Fn(&Question) -> Answer + Send + Sync>;

pub struct Server {
    address: String,
    places: Arc<Mutex<HashMap<String, Place>>>,
}

/// longest body read; the requests are under a kilobyte
const BODY_LIMIT: u64 = 1 << 20;

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = listener.local_addr().expect("bound").to_string();
        let places: Arc<Mutex<HashMap<String, Place>>> = Arc::default();
        let shared = places.clone();
        // it ends with the test's process
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let places = shared.clone();
                std::thread::spawn(move || serve(&stream, &places));
            }
        });
        Self { address, places }
    }

    /// The address of a place: `http://127.0.0.1:PORT/NAME`.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// From now on this answers there.
    pub fn at(&self, name: &str, answer: impl Fn(&Question) -> Answer + Send + Sync + 'static) {
        self.places.lock().expect("no panic").insert(name.to_owned(), Arc::new(answer));
    }
}

/// One request; the connection is closed after it.
fn serve(mut stream: &TcpStream, places: &Mutex<HashMap<String, Place>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = Vec::new();
    reader.take(u64::min(length, BODY_LIMIT)).read_to_end(&mut body).ok()?;
    let (name, rest) = path.split_once('/').unwrap_or((&path, ""));
    let place = places.lock().expect("no panic").get(name).cloned();
    let answer = match &place {
        Some(place) => place(&Question { rest: decoded(rest), body }),
        None => return write!(stream, "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n").ok(),
    };
    let (status, (kind, body)) = match answer {
        Some(answer) => ("200 OK", answer),
        None => ("400 No", ("text/plain", Vec::new())),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()
}

fn decoded(text: &str) -> String {
    // a plus is itself in a path, and a space in a form
    let text = format!("v={}", text.replace('+', "%2B"));
    let value = url::form_urlencoded::parse(text.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}
