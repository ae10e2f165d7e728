//! Loopback listeners, HTTP and HTTPS, and the path of one request through control and its site.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST};
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::LabError;
use super::control::{Control, Fault, Remote, Role};
use super::message::{Answer, Ask, Scheme, pairs};
use crate::clock::{Clock as _, SystemClock};

/// The largest request body: a signature envelope is at most 32 MiB, a lab's layer no more.
const REQUEST_LIMIT: usize = 64 << 20;

/// Where an endless body ends after all; twice the largest limit of any reader.
const HUGE: usize = 128 << 20;

/// How long a listener waits after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A service behind a listener.
pub(super) enum Site {
    Role(Role, Arc<dyn Service>, Control),
    Remote(Remote),
}

/// Answers requests of one role.
pub(super) trait Service: Send + Sync {
    fn answer(&self, ask: &Ask) -> Answer;
}

/// A bound port that accepts nothing yet, so that its number can be told first.
pub(super) struct Port {
    listener: TcpListener,
    number: u16,
}

impl Port {
    /// A free port of 127.0.0.1.
    pub(super) async fn bind() -> Result<Self, LabError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(address).await.map_err(LabError::Listen)?;
        let number = listener.local_addr().map_err(LabError::Listen)?.port();
        Ok(Self { listener, number })
    }

    pub(super) fn number(&self) -> u16 {
        self.number
    }

    /// Serves until the task is aborted; its connections end with it.
    pub(super) fn serve(self, tls: Option<TlsAcceptor>, site: Arc<Site>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let clock = SystemClock::new();
            let mut connections = JoinSet::new();
            loop {
                while connections.try_join_next().is_some() {}
                let Ok((stream, _)) = self.listener.accept().await else {
                    // The peer is gone already, or descriptors have run out for now.
                    clock.sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let _ = stream.set_nodelay(true);
                let site = site.clone();
                match tls.clone() {
                    None => connections.spawn(connection(stream, Scheme::Http, site)),
                    Some(tls) => connections.spawn(async move {
                        if let Ok(stream) = tls.accept(stream).await {
                            connection(stream, Scheme::Https, site).await;
                        }
                    }),
                };
            }
        })
    }
}

/// The connection is cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct Cut;

async fn connection<S>(stream: S, scheme: Scheme, site: Arc<Site>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let site = site.clone();
        async move { exchange(request, scheme, &site).await }
    });
    // A broken connection is the client's affair.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn exchange(
    request: http::Request<Incoming>,
    scheme: Scheme,
    site: &Site,
) -> Result<http::Response<LabBody>, Cut> {
    let (role, service, control) = match site {
        Site::Role(role, service, control) => (*role, service, control),
        Site::Remote(remote) => {
            return Ok(match read(request, scheme).await {
                Ok(ask) => response(remote.answer(&ask)),
                Err(answer) => response(answer),
            });
        }
    };
    let ticket = control.arrive(
        role,
        request.method().as_str(),
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
        request.headers().contains_key(AUTHORIZATION),
    );
    let hold = async {
        if let Some(time) = ticket.hold {
            control.wait(time).await;
        }
    };
    let work = work(request, scheme, service.as_ref(), control, ticket.fault.as_ref());
    let (result, ()) = tokio::join!(work, hold);
    control.answered(&ticket, result.as_ref().ok().map(|answer| answer.status().as_u16()));
    result
}

/// Does what was asked, unless the fault says otherwise.
async fn work(
    request: http::Request<Incoming>,
    scheme: Scheme,
    service: &dyn Service,
    control: &Control,
    fault: Option<&Fault>,
) -> Result<http::Response<LabBody>, Cut> {
    if fault == Some(&Fault::Reset) {
        return Err(Cut);
    }
    // The body is read even where it is not used, so that the client can finish sending it.
    let ask = match read(request, scheme).await {
        Ok(ask) => ask,
        Err(answer) => return Ok(response(answer)),
    };
    let answer = match fault {
        None | Some(Fault::Reset) => service.answer(&ask),
        Some(Fault::Status(status, headers)) => {
            headers.iter().fold(Answer::empty(code(*status)), |answer, (name, value)| {
                answer.with(name, value.as_str())
            })
        }
        Some(Fault::Error(status, body)) => {
            Answer::bytes(code(*status), "application/json", body.clone())
        }
        Some(Fault::LostAnswer) => {
            control.overhear(&ask, &service.answer(&ask));
            return Err(Cut);
        }
        Some(Fault::Delay(time)) => {
            control.delay(*time).await;
            service.answer(&ask)
        }
        Some(Fault::Huge) => {
            let mut huge = response(service.answer(&ask));
            huge.headers_mut().remove(CONTENT_LENGTH);
            *huge.body_mut() = LabBody::Huge(HUGE);
            return Ok(huge);
        }
        Some(Fault::Body(body)) => Answer { body: body.clone(), ..service.answer(&ask) },
        Some(Fault::Header(name, value)) => service.answer(&ask).with(name, value.as_str()),
    };
    control.overhear(&ask, &answer);
    Ok(response(answer))
}

async fn read(request: http::Request<Incoming>, scheme: Scheme) -> Result<Ask, Answer> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_LIMIT)
        .collect()
        .await
        .map_err(|_| Answer::empty(StatusCode::PAYLOAD_TOO_LARGE))?
        .to_bytes();
    let named = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = parts.uri.authority().map(|a| a.as_str()).or(named).unwrap_or("localhost");
    Ok(Ask {
        scheme,
        host: host.to_owned(),
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        headers: parts.headers,
        body,
    })
}

fn response(answer: Answer) -> http::Response<LabBody> {
    let length = answer.body.len();
    let mut response = http::Response::new(LabBody::Whole(Some(answer.body)));
    *response.status_mut() = answer.status;
    *response.headers_mut() = *answer.headers;
    // A HEAD answer names the length of a body it does not have; the site set it then.
    let bodiless = matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !bodiless && !response.headers().contains_key(CONTENT_LENGTH) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A body in one piece, or one that goes on and on.
enum LabBody {
    Whole(Option<Bytes>),
    /// Bytes still to come.
    Huge(usize),
}

/// What a huge body is made of: white space, which JSON readers skip.
static BLANKS: [u8; 1 << 16] = [b' '; 1 << 16];

impl Body for LabBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(match &mut *self {
            LabBody::Whole(body) => {
                body.take().filter(|body| !body.is_empty()).map(|body| Ok(Frame::data(body)))
            }
            LabBody::Huge(0) => None,
            LabBody::Huge(left) => {
                let piece = BLANKS.len().min(*left);
                *left -= piece;
                Some(Ok(Frame::data(Bytes::from_static(&BLANKS[..piece]))))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            LabBody::Whole(body) => body.as_ref().is_none_or(Bytes::is_empty),
            LabBody::Huge(left) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            LabBody::Whole(body) => {
                SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64)
            }
            LabBody::Huge(_) => SizeHint::default(),
        }
    }
}
