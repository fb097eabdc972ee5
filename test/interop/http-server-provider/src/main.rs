//! The HTTP server provider of wasmCloud 1.9, unchanged.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    wasmcloud_provider_http_server::run().await
}
