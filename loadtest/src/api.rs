//! One signed-in person's use of the HTTP API.

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A session of the control plane: the cookie that the server set and the token it asks back.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    origin: String,
    cookie: String,
    csrf: String,
    pub person: Value,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    pub fn refused_with(&self) -> Option<&str> {
        self.body["code"].as_str()
    }

    pub fn rule(&self) -> Option<&str> {
        self.body["rule"].as_str()
    }

    /// The body of a success; the code of a refusal as the error.
    pub fn ok(self) -> Result<Value> {
        if self.status.is_success() { Ok(self.body) } else { bail!("{}: {}", self.status, self.body) }
    }
}

pub fn client() -> Result<reqwest::Client> {
    // Whoever composes the process may have chosen a provider already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(reqwest::Client::builder().build()?)
}

impl Api {
    pub async fn sign_in(origin: &str, email: &str, password: &str) -> Result<Self> {
        let http = client()?;
        let response = http
            .post(format!("{origin}/api/v1/session"))
            .header("origin", origin)
            .json(&json!({ "email": email, "password": password }))
            .send()
            .await?;
        let status = response.status();
        let cookie = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|it| it.to_str().ok()?.split(';').next())
            .find(|it| it.starts_with("__Host-sidang_session="))
            .map(str::to_owned);
        let body: Value = response.json().await.unwrap_or(Value::Null);
        if !status.is_success() {
            bail!("sign-in answered {status}: {body}");
        }
        Ok(Self {
            http,
            origin: origin.to_owned(),
            cookie: cookie.context("no session cookie")?,
            csrf: body["csrf_token"].as_str().context("no csrf_token")?.to_owned(),
            person: body["person"].clone(),
        })
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Answer> {
        let key = (method == Method::POST).then(|| uuid::Uuid::now_v7().to_string());
        self.send(method, path, body, key.as_deref()).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>, key: Option<&str>) -> Result<Answer> {
        let mut request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.origin))
            .header("cookie", &self.cookie)
            .header("origin", &self.origin)
            .header("x-csrf-token", &self.csrf);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await?.ok()
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Answer> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// The same request sent again under the same key is carried out once.
    pub async fn post_under(&self, key: &str, path: &str, body: Value) -> Result<Answer> {
        self.send(Method::POST, path, Some(body), Some(key)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Result<Answer> {
        self.call(Method::PUT, path, Some(body)).await
    }
}
