//! Telemetry against real sockets: what is recorded comes out, and a collector that is away is nobody's problem.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::mpsc,
    time::{Duration, Instant},
};

use infrastructure::telemetry::{LogFormat, Telemetry, TelemetryError, TelemetrySettings};
use tracing::{dispatcher, info_span};
use url::Url;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn prometheus_text_contains_what_was_recorded() {
    let (telemetry, _dispatch) = Telemetry::build(&TelemetrySettings::default()).unwrap();
    telemetry.register_counts("cache.requests", "Reads by their result", "result", || {
        [("hit", 2), ("miss", 1)]
    });
    telemetry.register_gauge("database.pool.connections", "Open connections", || 7);
    telemetry
        .meter()
        .f64_histogram("http.server.request.duration")
        .with_unit("s")
        .with_boundaries(vec![0.1, 1.0])
        .build()
        .record(0.5, &[]);

    let text = telemetry.prometheus_text();

    for line in [
        "cache_requests_total{result=\"hit\"} 2",
        "cache_requests_total{result=\"miss\"} 1",
        "database_pool_connections 7",
        "http_server_request_duration_seconds_bucket{le=\"0.1\"} 0",
        "http_server_request_duration_seconds_bucket{le=\"1\"} 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in:\n{text}"
        );
    }
}

#[test]
fn traces_and_metrics_reach_the_collector() {
    let (endpoint, requests) = collector();
    let settings = settings(Some(endpoint));
    let (telemetry, dispatch) = Telemetry::build(&settings).unwrap();

    dispatcher::with_default(&dispatch, || info_span!("priced").in_scope(|| ()));
    telemetry.register_counts("cache.requests", "Reads", "result", || [("hit", 1)]);
    telemetry.shutdown();

    let mut received = [
        requests.recv_timeout(PATIENCE).unwrap(),
        requests.recv_timeout(PATIENCE).unwrap(),
    ];
    received.sort();
    let [(metrics_line, metrics), (traces_line, traces)] = received;
    assert_eq!(metrics_line, "POST /v1/metrics HTTP/1.1");
    assert!(contains(&metrics, "cache.requests"));
    assert_eq!(traces_line, "POST /v1/traces HTTP/1.1");
    assert!(contains(&traces, "priced") && contains(&traces, "catalog-under-test"));
}

#[test]
fn nothing_waits_for_a_collector_that_is_away_or_silent() {
    let away = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for address in [away, silent.local_addr().unwrap()] {
        let endpoint = Url::parse(&format!("http://{address}")).unwrap();
        let (telemetry, dispatch) = Telemetry::build(&settings(Some(endpoint))).unwrap();
        let cache = telemetry.meter().u64_counter("cache.requests").build();

        let started = Instant::now();
        dispatcher::with_default(&dispatch, || {
            // More than the export queue of 2,048 spans takes.
            for _ in 0..5_000 {
                info_span!("priced").in_scope(|| cache.add(1, &[]));
            }
        });
        assert!(
            started.elapsed() < Duration::from_secs(2),
            "spans waited: {:?}",
            started.elapsed()
        );
        assert!(telemetry.prometheus_text().contains("cache_requests_total 5000"));

        let started = Instant::now();
        telemetry.shutdown();
        assert!(
            started.elapsed() < Duration::from_secs(12),
            "shutdown waited: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let filter = TelemetrySettings {
        log_level: "vitrine=loudly".to_owned(),
        ..settings(None)
    };
    assert!(matches!(
        Telemetry::build(&filter),
        Err(TelemetryError::LogLevel { .. })
    ));
    for sample_ratio in [-0.1, 1.1, f64::NAN] {
        let ratio = TelemetrySettings {
            sample_ratio,
            ..settings(None)
        };
        assert!(matches!(
            Telemetry::build(&ratio),
            Err(TelemetryError::SampleRatio(_))
        ));
    }
}

#[test]
fn a_process_is_given_telemetry_once() {
    let telemetry = Telemetry::install(&settings(None)).unwrap();
    opentelemetry::global::meter("elsewhere")
        .u64_counter("seen")
        .build()
        .add(1, &[]);
    assert!(telemetry.prometheus_text().contains("seen_total 1"));
    assert!(matches!(
        Telemetry::install(&settings(None)),
        Err(TelemetryError::AlreadyInstalled(_))
    ));
}

fn settings(otlp_endpoint: Option<Url>) -> TelemetrySettings {
    TelemetrySettings {
        log_format: LogFormat::Json,
        otlp_endpoint,
        service_name: "catalog-under-test".to_owned(),
        ..TelemetrySettings::default()
    }
}

/// Answers 200 to everything and hands on request lines and bodies.
fn collector() -> (Url, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            std::thread::spawn(move || receive(stream.unwrap(), &sender));
        }
    });
    (endpoint, receiver)
}

fn receive(stream: TcpStream, sender: &mpsc::Sender<(String, Vec<u8>)>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).unwrap() == 0 {
            return;
        }
    }
    let head = String::from_utf8(head)
        .unwrap()
        .to_ascii_lowercase()
        .replace("post /", "POST /")
        .replace("http/", "HTTP/");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap_or_else(|| panic!("{head}"));
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    sender
        .send((head.lines().next().unwrap().to_owned(), body))
        .unwrap();
    reader
        .get_mut()
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .unwrap();
}

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}
