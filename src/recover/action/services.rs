//! Servers started and stopped on their hosts.

use super::{LOOK, RealHands, said, truth};
use crate::consent::Consent;
use crate::host::service::{Held, Service, ServiceError, Status, Trace};
use crate::host::{Content, HostError, Process};
use crate::recover::executor::Truth;
use crate::recover::plan::{Action, Manager, ServiceSpec, TraceSpec};
use crate::target::DeclaredService;
use crate::transport::Deadline;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl RealHands {
    pub(super) async fn stopped(&self, host: &str, spec: &ServiceSpec) -> Result<Truth, String> {
        Ok(match self.status(host, spec).await? {
            Status::Stopped => Truth::Yes,
            Status::Running => Truth::No("it runs".into()),
            Status::Unknown(why) => Truth::Unknown(why),
        })
    }

    pub(super) async fn runs(&self, host: &str, spec: &ServiceSpec) -> Result<Truth, String> {
        Ok(match self.status(host, spec).await? {
            Status::Running => Truth::Yes,
            other => truth(false, || other.to_string()),
        })
    }

    async fn status(&self, host: &str, spec: &ServiceSpec) -> Result<Status, String> {
        let (declared, trace) = (declared(spec), trace(&spec.trace));
        let service = Service::new(self.host(host)?, &declared, Some(&trace));
        service.status(Deadline::after(LOOK)).await.map_err(said)
    }

    pub(super) async fn stop(
        &self,
        host: &str,
        spec: &ServiceSpec,
        record: Option<&Path>,
        consent: &Consent,
    ) -> Result<(), String> {
        let (declared, trace) = (declared(spec), trace(&spec.trace));
        let service = Service::new(self.host(host)?, &declared, Some(&trace));
        let limit = Deadline::after(self.limits.service);
        let held = service.disable(consent, limit).await.map_err(advised)?;
        let Some(record) = record else { return Ok(()) };
        let how = match held {
            Held::Firmly => "nothing on its host starts it".to_owned(),
            Held::Loosely(why) => why,
        };
        let text = serde_json::json!({ "host": host, "stopped": true, "held": how }).to_string();
        let content = Content::Bytes(text.as_bytes());
        self.here()?.write_new(consent, record, content, 0o600, Deadline::after(LOOK)).await.map_err(said)
    }

    pub(super) async fn start(
        &self,
        host: &str,
        spec: &ServiceSpec,
        consent: &Consent,
    ) -> Result<(), String> {
        let (declared, trace) = (declared(spec), trace(&spec.trace));
        let service = Service::new(self.host(host)?, &declared, Some(&trace));
        let deadline = Deadline::after(self.limits.service);
        service.enable(consent, &spec.standing, deadline).await.map_err(advised)?;
        // A start command is the user's own: given twice, it may start a second server on the directory.
        if service.status(deadline).await.map_err(advised)? == Status::Running {
            return Ok(());
        }
        service.start(consent, deadline).await.map_err(advised)
    }

    /// Whether it may start as it could when the plan was made.
    pub(super) async fn released(&self, host: &str, spec: &ServiceSpec) -> Result<Truth, String> {
        let declared = declared(spec);
        let now = Service::new(self.host(host)?, &declared, None).standing(Deadline::after(LOOK)).await;
        let now = now.map_err(said)?;
        Ok(truth(now == spec.standing, || "it is kept from starting".into()))
    }

    pub(super) async fn release(
        &self,
        host: &str,
        spec: &ServiceSpec,
        consent: &Consent,
    ) -> Result<(), String> {
        let declared = declared(spec);
        let service = Service::new(self.host(host)?, &declared, None);
        service.enable(consent, &spec.standing, Deadline::after(self.limits.service)).await.map_err(advised)
    }

    /// Whether no command to stop or start a service is still at work: it outlives the process that gave it.
    pub(super) async fn rests(&self, action: &Action) -> Result<Truth, String> {
        let (Action::StopService { host, service, .. } | Action::StartService { host, service }) = action
        else {
            return Ok(Truth::Yes);
        };
        let declared = declared(service);
        let service = Service::new(self.host(host)?, &declared, None);
        let at_work = service.at_work(Deadline::after(LOOK)).await.map_err(said)?;
        Ok(at_work.map_or(Truth::Yes, Truth::No))
    }
}

/// With what to do about it.
fn advised(error: ServiceError) -> String {
    match &error {
        ServiceError::StillRunning { .. } | ServiceError::Host(HostError::TimedOut { .. }) => format!(
            "{error}; look on its host what keeps it and end that there, or wait longer with --service-timeout"
        ),
        _ => error.to_string(),
    }
}

/// As the config file would declare it.
pub(in crate::recover) fn declared(spec: &ServiceSpec) -> DeclaredService {
    match &spec.manager {
        Manager::Systemd(unit) => DeclaredService::Systemd(unit.clone()),
        Manager::StaticPod(manifest) => DeclaredService::StaticPod(manifest.clone()),
        Manager::Commands { start, stop, status } => {
            DeclaredService::Commands { start: start.clone(), stop: stop.clone(), status: status.clone() }
        }
    }
}

/// What its process looks like.
pub(in crate::recover) fn trace(spec: &TraceSpec) -> Trace {
    let spec = spec.clone();
    Trace { prefixes: vec!["ETCD_".into()], belongs: Box::new(move |process| belongs(&spec, process)) }
}

fn belongs(spec: &TraceSpec, process: &Process) -> bool {
    let program = process.argv.first().and_then(|word| Path::new(word).file_name());
    let exe = process.exe.as_deref().and_then(Path::file_name);
    let named = |name: Option<&OsStr>| name.is_some_and(|name| name == spec.program.as_str());
    if !named(program) && !named(exe) {
        return false;
    }
    let path = spec.path.as_os_str().as_bytes();
    let names = |word: &OsStr| {
        let word = word.as_bytes();
        let word = word.strip_suffix(b"/").unwrap_or(word);
        word == path || word.strip_suffix(path).is_some_and(|before| before.ends_with(b"="))
    };
    process.argv.iter().skip(1).any(|word| names(word))
        || process.env.iter().flatten().any(|(_, value)| names(value))
}
