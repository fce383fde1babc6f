//! One request and its answer.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::Value;

use super::{Api, contract};

impl Api {
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let url = format!("{}{path}", self.instance.url);
        Call {
            api: self.clone(),
            request: self.http.request(method.clone(), url),
            method,
            path: path.to_owned(),
            token: Some(self.admin.clone()),
            may_be_early: false,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }
}

/// A request in the making.
pub(crate) struct Call {
    api: Api,
    method: Method,
    path: String,
    request: RequestBuilder,
    token: Option<String>,
    /// Whether it may ask for what is not there yet: then 503 is no failure.
    may_be_early: bool,
}

impl Call {
    pub(crate) fn early(mut self) -> Self {
        self.may_be_early = true;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.token = None;
        self
    }

    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.request = self.request.header(CONTENT_TYPE, content_type).body(body);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// A body of RFC 7396.
    pub(crate) fn merge(self, body: &Value) -> Self {
        self.body("application/merge-patch+json", body.to_string())
    }

    /// A body of RFC 6902.
    pub(crate) fn operations(self, body: &Value) -> Self {
        self.body("application/json-patch+json", body.to_string())
    }

    /// Sends the request. The answer has been held against the document.
    pub(crate) async fn send(self) -> Answer {
        let (request, instance) = (format!("{} {}", self.method, self.path), self.api.instance);
        let answer = self.try_send().await;
        answer.unwrap_or_else(|e| panic!("{request}: {e:?}\n{}", instance.log()))
    }

    /// Sends the request, which may fail on the way.
    pub(crate) async fn try_send(self) -> reqwest::Result<Answer> {
        let Self {
            api,
            method,
            path,
            mut request,
            token,
            may_be_early,
        } = self;
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = request.send().await?;
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
            method,
            path,
        };
        assert!(
            answer.status < 500 || may_be_early && answer.status == 503,
            "{answer:?}
{}",
            api.instance.log()
        );
        for code in contract::check(&answer) {
            explained(&api, &code).await;
        }
        Ok(answer)
    }
}

/// The answer may come and the connection close while the client still writes; some writes then fail before the
/// answer is read, so that the request is made until it is.
pub(crate) async fn too_large(call: impl Fn() -> Call) {
    for _ in 0..100 {
        match call().try_send().await {
            Ok(answer) => {
                answer.problem(413, "payload_too_large");
                return;
            }
            Err(error) => assert!(error.is_request(), "{error:?}"),
        }
    }
    panic!("no answer in a hundred requests");
}

/// Every code that is met has its page.
async fn explained(api: &Api, code: &str) {
    let page = api.http.get(format!("{}/problems/{code}", api.instance.url));
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 200, "/problems/{code}");
    let page: Value = page.json().await.unwrap();
    assert_eq!(page["code"], code);
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) method: Method,
    pub(crate) path: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(2000).collect();
        let path: String = self.path.chars().take(200).collect();
        write!(f, "{} {path} answered {}: {body}", self.method, self.status)
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The problem document, which must have the status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.value();
        assert_eq!(
            (self.status, &problem["code"]),
            (status, &code.into()),
            "{self:?}"
        );
        problem
    }

    /// Pointer and code of every fault, which must make up a `validation_failed`.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let problem = self.problem(422, "validation_failed");
        let faults = problem["errors"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        let mut faults: Vec<_> = faults
            .iter()
            .map(|fault| (text(fault, "pointer"), text(fault, "code")))
            .collect();
        faults.sort();
        faults
    }

    /// Asserts that these are the faults, all of them.
    #[track_caller]
    pub(crate) fn has_faults(&self, expected: &[(&str, &str)]) {
        let mut expected: Vec<_> = expected
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()))
            .collect();
        expected.sort();
        assert_eq!(self.faults(), expected, "{self:?}");
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.find(name)
            .unwrap_or_else(|| panic!("no header {name}: {self:?}"))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
