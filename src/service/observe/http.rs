//! What HTTP shows: health, metrics, open alerts and rolling statistics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;

use crate::contract;
use crate::domain::PublishedAlert;
use crate::engine::EntityRef;
use crate::service::observe::metrics::Metrics;
use crate::service::observe::status::{PartitionRow, Status};
use crate::service::observe::view::{RollingRow, View};
use crate::service::process::shutdown::Shutdown;

/// Without `limit`, so many alerts.
const ALERTS_DEFAULT: usize = 100;
/// More than a person reads, and an answer of a few megabytes.
const ALERTS_MAX: usize = 1_000;

const INDEX: &str = "Tidvakt

/metrics            metrics for Prometheus
/healthz            does every thread come round: if not, it hangs
/startupz           are the facts read and the partitions given: if not, it starts
/readyz             is all that was waiting assessed: if not, it says how far the replay is
/v1/partitions      how far each partition is, and which rules could not answer for want of which fact
/v1/alerts          open alerts, gravest first; ?municipality= and ?limit= (at most 1000)
/v1/carers/{ref}    rolling statistics of a carer
/v1/clients/{ref}   rolling statistics of a client
";

/// What the handlers read.
#[derive(Clone)]
pub(in crate::service) struct Site {
    pub(in crate::service) metrics: Arc<Metrics>,
    pub(in crate::service) status: Arc<Status>,
    pub(in crate::service) view: Arc<View>,
}

/// The running server.
pub(in crate::service) struct Server {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
}

impl Server {
    /// Serves `site` on `listen` until `shutdown`.
    ///
    /// # Errors
    /// Where the address is taken, or is none of this machine.
    pub(in crate::service) fn start(
        listen: SocketAddr,
        site: Site,
        shutdown: Shutdown,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("http")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind(listen))?;
        let address = listener.local_addr()?;
        let app = router(site);
        runtime.spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(shutdown.wait());
            if let Err(error) = served.await {
                tracing::error!(%error, "the web server ended");
            }
        });
        Ok(Self { runtime, address })
    }

    pub(in crate::service) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it; requests under way have a moment.
    pub(in crate::service) fn stop(self) {
        self.runtime.shutdown_timeout(Duration::from_millis(500));
    }
}

fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/startupz", get(startupz))
        .route("/readyz", get(readyz))
        .route("/v1/partitions", get(partitions))
        .route("/v1/alerts", get(alerts))
        .route("/v1/carers/{reference}", get(carer))
        .route("/v1/clients/{reference}", get(client))
        .fallback(|| async { (StatusCode::NOT_FOUND, axum::Json(json!({"error": "there is no such page"}))) })
        .layer(middleware::from_fn(harden))
        .with_state(site)
}

/// Nothing here is to be kept by a browser, guessed at, or shown inside another page.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn metrics(State(site): State<Site>) -> impl IntoResponse {
    site.status.measure();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], site.metrics.text())
}

async fn healthz(State(site): State<Site>) -> impl IntoResponse {
    let hanging = site.status.hanging();
    answer("healthy", &site.status, hanging)
}

async fn startupz(State(site): State<Site>) -> impl IntoResponse {
    let reasons = site.status.starting();
    answer("started", &site.status, reasons)
}

async fn readyz(State(site): State<Site>) -> impl IntoResponse {
    let reasons = site.status.unready();
    answer("ready", &site.status, reasons)
}

/// What a probe asks: yes, or no and why; with the stage that the instance is at.
fn answer(asked: &str, status: &Status, reasons: Vec<String>) -> Response {
    let yes = reasons.is_empty();
    let code = if yes { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, axum::Json(json!({asked: yes, "stage": status.stage().as_str(), "reasons": reasons})))
        .into_response()
}

/// How far each partition is; of its municipalities, what waits for which fact.
async fn partitions(State(site): State<Site>) -> impl IntoResponse {
    let partition = |row: PartitionRow| {
        let waiting = site.view.waiting(row.partition).into_iter();
        let municipalities: Vec<_> = waiting
            .map(|(municipality, waiting)| json!({"municipality": municipality, "waiting": waiting}))
            .collect();
        let mut partition = json!(row);
        partition["municipalities"] = json!(municipalities);
        partition
    };
    let partitions: Vec<_> = site.status.partitions().into_iter().map(partition).collect();
    axum::Json(json!({"partitions": partitions}))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    municipality: Option<String>,
    limit: Option<usize>,
}

async fn alerts(State(site): State<Site>, Query(wanted): Query<Wanted>) -> impl IntoResponse {
    let limit = wanted.limit.unwrap_or(ALERTS_DEFAULT).min(ALERTS_MAX);
    let alerts = site.view.open_alerts(wanted.municipality.as_deref(), limit);
    ([(header::CONTENT_TYPE, "application/json")], alerts_as_json(&alerts))
}

fn alerts_as_json(alerts: &[Arc<PublishedAlert>]) -> Vec<u8> {
    let mut json = br#"{"alerts":["#.to_vec();
    for (at, alert) in alerts.iter().enumerate() {
        if 0 < at {
            json.push(b',');
        }
        contract::write_alert(alert, &mut json);
    }
    json.extend_from_slice(b"]}");
    json
}

async fn carer(State(site): State<Site>, Path(reference): Path<String>) -> Response {
    statistics("carer_ref", &reference, &site.view.statistics(EntityRef::Carer(&reference)))
}

async fn client(State(site): State<Site>, Path(reference): Path<String>) -> Response {
    statistics("client_ref", &reference, &site.view.statistics(EntityRef::Client(&reference)))
}

fn statistics(name: &str, reference: &str, seen: &[RollingRow]) -> Response {
    if seen.is_empty() {
        let error = format!("nothing is kept of this `{name}`");
        return (StatusCode::NOT_FOUND, axum::Json(json!({"error": error}))).into_response();
    }
    let one = |seen: &RollingRow| {
        let rolling = &seen.rolling;
        json!({
            "municipality": seen.municipality,
            "visits": rolling.visits,
            "seconds": rolling.seconds,
            "manual_share": rolling.manual_share,
            "electronic_share": rolling.electronic_share,
            "usual_ratio": rolling.usual_ratio,
            "ratio_sd_log": rolling.ratio_sd_log,
            "observations": rolling.observations,
        })
    };
    let statistics: Vec<_> = seen.iter().map(one).collect();
    axum::Json(json!({name: reference, "statistics": statistics})).into_response()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::engine::{Rolling, RuleCounts};
    use crate::service::deliver::events::Phase;
    use crate::service::fixtures::alert;
    use crate::service::process::shutdown::stopper;

    fn site() -> Site {
        let metrics = Arc::new(Metrics::new(&["carer-overlap"]));
        let (status, view) = (Status::new(metrics.clone()), View::new());
        Site { metrics, status, view }
    }

    fn ask(address: SocketAddr, path: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("the request goes out");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        (head[9..12].parse().expect("a status"), head.to_owned(), body.to_owned())
    }

    #[test]
    fn pages_answer_with_hardened_headers() {
        let site = site();
        site.status.wait_for("reference", "the reference topic is being read");
        let (stop, shutdown) = stopper();
        let server = Server::start(([127, 0, 0, 1], 0).into(), site.clone(), shutdown).expect("a free port");
        let address = server.address();

        let (code, head, body) = ask(address, "/readyz");
        assert_eq!(code, 503);
        assert!(body.contains("the reference topic is being read"), "{body}");
        let (code, _, body) = ask(address, "/startupz");
        assert_eq!(code, 503);
        assert!(body.contains(r#""stage":"starting""#), "{body}");
        assert_eq!(ask(address, "/healthz").0, 200, "who starts does not hang");
        assert!(head.contains("nosniff") && head.contains("no-store"), "{head}");
        site.status.done("reference");
        site.status.phase(2, Phase::Replaying { from: 4, to: 9 });
        assert_eq!(ask(address, "/startupz").0, 200);
        let (code, _, body) = ask(address, "/readyz");
        assert_eq!(code, 503);
        assert!(body.contains(r#""stage":"replaying""#) && body.contains("at offset 4 of 9"), "{body}");
        site.status.phase(2, Phase::Live);
        assert_eq!(ask(address, "/readyz").0, 200);
        assert!(ask(address, "/metrics").2.contains("tidvakt_instance_phase{phase=\"live\"} 1"));
        assert!(ask(address, "/").2.contains("/v1/alerts"));
        let undetermined = vec![("client_home", 105)];
        let counts = RuleCounts { rule: "carer-overlap", hits: [0; 3], lowered: [0; 4], undetermined };
        site.view.answered("0181", 2, vec![counts]);
        let body = ask(address, "/v1/partitions").2;
        let partition = r#""partition":2,"phase":"live""#;
        let waits = r#"{"fact":"client_home","lowered_findings":0,"rule":"carer-overlap","undetermined_answers":105}"#;
        assert!(body.contains(partition) && body.contains(waits), "{body}");

        assert_eq!(ask(address, "/v1/carers/nobody").0, 404);
        let rolling = Rolling { visits: 4, ..Rolling::default() };
        site.view.rolled(EntityRef::Carer("carer-1"), "0181", Some(rolling));
        let (code, _, body) = ask(address, "/v1/carers/carer-1");
        assert_eq!(code, 200);
        assert!(body.contains(r#""visits":4"#) && body.contains(r#""municipality":"0181""#), "{body}");

        assert_eq!(ask(address, "/v1/alerts").2, r#"{"alerts":[]}"#);
        site.view.alert(&alert("0181", "R1", 2.0));
        let (code, _, body) = ask(address, "/v1/alerts?municipality=0181&limit=1");
        assert_eq!(code, 200);
        assert!(body.contains(r#""alert_id":"0181:registration:R1""#), "{body}");
        assert_eq!(ask(address, "/v1/alerts?limit=-1").0, 400);
        assert_eq!(ask(address, "/nothing").0, 404);
        stop.stop();
        server.stop();
    }
}
