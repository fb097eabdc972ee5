//! A provider as people write them for wasmCloud 1.9: one exported interface, links with configuration and secrets, live configuration.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use wasmcloud_provider_sdk::{
    get_connection, run_provider, serve_provider_exports, Context, LinkConfig, LinkDeleteInfo,
    Provider, ProviderConfigUpdate, ProviderInitConfig,
};

mod bindings {
    wit_bindgen_wrpc::generate!({ world: "provider" });
}

#[derive(Clone, Default)]
struct Greeter {
    config: Arc<RwLock<HashMap<String, String>>>,
    /// By the id of the component that calls.
    words: Arc<RwLock<HashMap<String, String>>>,
}

impl Provider for Greeter {
    async fn init(&self, init: impl ProviderInitConfig) -> anyhow::Result<()> {
        *self.config.write().unwrap() = init.get_config().clone();
        Ok(())
    }

    async fn on_config_update(&self, update: impl ProviderConfigUpdate) -> anyhow::Result<()> {
        *self.config.write().unwrap() = update.get_values().clone();
        Ok(())
    }

    async fn receive_link_config_as_target(&self, link: LinkConfig<'_>) -> anyhow::Result<()> {
        let secret = link.secrets.get("word").and_then(|word| word.as_string());
        let plain = link.config.get("word").map(String::as_str);
        let word = secret.or(plain).unwrap_or("Linked").to_owned();
        self.words.write().unwrap().insert(link.source_id.to_owned(), word);
        Ok(())
    }

    async fn delete_link_as_target(&self, link: impl LinkDeleteInfo) -> anyhow::Result<()> {
        self.words.write().unwrap().remove(link.get_source_id());
        Ok(())
    }
}

impl bindings::exports::test::interop::greeter::Handler<Option<Context>> for Greeter {
    async fn greet(&self, context: Option<Context>, name: String) -> anyhow::Result<String> {
        let source = context.and_then(|context| context.component).unwrap_or_default();
        let linked = self.words.read().unwrap().get(&source).cloned();
        let configured = || self.config.read().unwrap().get("word").cloned();
        let word = linked.or_else(configured).unwrap_or_else(|| "Hello".to_owned());
        Ok(format!("{word}, {name}!"))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let provider = Greeter::default();
    let shutdown = run_provider(provider.clone(), "rust-provider").await?;
    let connection = get_connection();
    serve_provider_exports(
        &connection.get_wrpc_client(connection.provider_key()).await?,
        provider,
        shutdown,
        bindings::serve,
    )
    .await
}
