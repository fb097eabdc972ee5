//! A wasmCloud 1.9 host with the switches a test needs, and nothing else.
//!
//!     legacy-host --nats URL --lattice NAME [--seed SN…] [--label KEY=VALUE]… [--heartbeat SECONDS] [--rpc-timeout MS]
//!
//! Writes its host id to standard output as soon as it serves; logs go to standard error, filtered by `RUST_LOG`.
//! Ends on SIGINT, SIGTERM or a stop command from the lattice.

use std::{collections::HashMap, error::Error, sync::Arc, time::Duration};

use tokio::signal::unix::{signal, SignalKind};
use tracing_subscriber::EnvFilter;
use wasmcloud_host::{wasmbus::Features, WasmbusHost, WasmbusHostConfig};

type Failure = Box<dyn Error + Send + Sync>;

/// What the command line asked for.
struct Options {
    nats: String,
    lattice: String,
    key: nkeys::KeyPair,
    labels: HashMap<String, String>,
    heartbeat: Option<Duration>,
    rpc_timeout: Duration,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Options {
            nats: String::new(),
            lattice: "default".into(),
            key: nkeys::KeyPair::new_server(),
            labels: HashMap::new(),
            heartbeat: None,
            rpc_timeout: Duration::from_secs(2),
        };
        while let Some(switch) = words.next() {
            let value = words.next().ok_or_else(|| format!("{switch} needs a value"))?;
            match switch.as_str() {
                "--nats" => options.nats = value,
                "--lattice" => options.lattice = value,
                "--seed" => options.key = nkeys::KeyPair::from_seed(&value)?,
                "--label" => {
                    let (key, text) = value.split_once('=').ok_or("--label is KEY=VALUE")?;
                    options.labels.insert(key.into(), text.into());
                }
                "--heartbeat" => options.heartbeat = Some(Duration::from_secs(value.parse()?)),
                "--rpc-timeout" => options.rpc_timeout = Duration::from_millis(value.parse()?),
                _ => return Err(format!("unknown switch {switch}").into()),
            }
        }
        if options.nats.is_empty() {
            return Err("--nats is required".into());
        }
        Ok(options)
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")))
        .init();

    let options = Options::parse(std::env::args().skip(1))?;
    let id = options.key.public_key();
    let (host, shutdown) = WasmbusHost::new(WasmbusHostConfig {
        ctl_nats_url: options.nats.parse()?,
        rpc_nats_url: options.nats.parse()?,
        lattice: options.lattice.into(),
        host_key: Some(Arc::new(options.key)),
        labels: options.labels,
        heartbeat_interval: options.heartbeat,
        rpc_timeout: options.rpc_timeout,
        version: "1.9.2".into(),
        allow_file_load: true,
        experimental_features: Features::new()
            .enable_builtin_http_server()
            .enable_builtin_http_client()
            .enable_builtin_messaging_nats(),
        ..WasmbusHostConfig::default()
    })
    .await?;
    println!("{id}");

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        deadline = host.stopped() => { deadline?; }
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    drop(host);
    tokio::time::timeout(Duration::from_secs(10), shutdown).await??;
    Ok(())
}
