//! wadm as its users run it; everything it does is in the published crate.

use clap::Parser;
use wadm_server::{config::WadmConfig, start_wadm};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let mut tasks = start_wadm(WadmConfig::parse()).await?;
    tokio::select! {
        finished = tasks.join_next() => match finished {
            Some(outcome) => outcome?,
            None => Ok(()),
        },
        stopped = tokio::signal::ctrl_c() => Ok(stopped?),
    }
}
