//! One connection, HTTP/1.1 or HTTP/2, from its acceptance to its end.
//!
//! Invariant: it ends when the client's time is up, when a shutdown has answered what was asked, or at the hard stop.

use std::{
    convert::Infallible,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo};
use http::{HeaderValue, Request, Response, Version, header::CONNECTION};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, timeout},
};
use tower::ServiceExt;

use super::{
    activity::{Activity, Patience, TrackedBody},
    lifecycle::{Lifecycle, Readiness},
    listener::Served,
};

/// A connection that was accepted just before the listener closed has its first request on the way: closing it at once
/// would lose that request, since its client had no way to know.
const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);

pub(super) async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    served: Served,
    patience: Patience,
    lifecycle: Lifecycle,
) {
    let activity = Activity::new();
    let exchanges = Arc::new(Exchanges {
        served,
        peer,
        activity: Arc::clone(&activity),
        readiness: lifecycle.readiness(),
    });
    let service = service_fn(|request: Request<Incoming>| answer(Arc::clone(&exchanges), request));
    let io = TokioIo::new(WatchedStream {
        stream,
        activity: Arc::clone(&activity),
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http2().timer(TokioTimer::new());
    let mut connection = pin!(builder.serve_connection(io, service));

    let mut closing = pin!(async {
        lifecycle.closing().cancelled().await;
        let _: Result<(), _> = timeout(FIRST_REQUEST_GRACE, activity.requested()).await;
    });
    let mut closed = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, error, "connection ended early");
                }
                return;
            }
            () = closing.as_mut(), if !closed => {
                closed = true;
                connection.as_mut().graceful_shutdown();
            }
            () = activity.expired(patience) => {
                tracing::debug!(%peer, "connection closed because its client did not go on");
                return;
            }
            () = lifecycle.aborted().cancelled() => return,
        }
    }
}

/// What all requests of a connection share.
struct Exchanges {
    served: Served,
    peer: SocketAddr,
    activity: Arc<Activity>,
    readiness: Readiness,
}

async fn answer(
    exchanges: Arc<Exchanges>,
    request: Request<Incoming>,
) -> Result<Response<TrackedBody>, Infallible> {
    let exchange = exchanges.activity.begin();
    let keeps_alive_by_header = request.version() < Version::HTTP_2;
    let (remembered, since) = (exchanges.served.remembered.as_deref(), Instant::now());
    let mut response = match remembered.map_or(Err(None), |known| known.recall(&request, since)) {
        Ok(response) => response,
        Err(asked) => {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(exchanges.peer));
            let response = exchanges.served.router.clone().oneshot(request).await?;
            match remembered.zip(asked) {
                Some((remembered, asked)) => remembered.learn((asked, since), response).await,
                None => response,
            }
        }
    };
    // A keep-alive client learns of the shutdown with an answer, and not by a connection that closes under its request.
    if keeps_alive_by_header && !exchanges.readiness.is_ready() {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| exchange.respond(body)))
}

/// A stream that tells the connection's activity when the client has taken bytes.
struct WatchedStream {
    stream: TcpStream,
    activity: Arc<Activity>,
}

impl WatchedStream {
    fn wrote(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if matches!(written, Ok(1..)) {
            self.activity.wrote();
        }
        Poll::Ready(written)
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs));
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
