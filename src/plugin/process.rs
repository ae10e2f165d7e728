//! One run of a plugin's executable: a command and a request in, an answer or a complaint out.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::{PluginError, PluginName};
use crate::clock::Clock;
use crate::env::Env;
use crate::fault::{excerpt, os_reason};

/// Which process group a plugin runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessGroup {
    /// One of its own: what a plugin started is ended with it.
    Own,
    /// That of the terminal somebody sits at: Ctrl+C reaches the plugin, and it may ask for a PIN.
    Terminal,
}

/// What plugins are run with.
pub struct Launcher {
    env: Env,
    clock: Arc<dyn Clock>,
    group: ProcessGroup,
}

/// One command of the protocol to one executable.
pub struct Call<'a> {
    pub plugin: &'a PluginName,
    pub path: &'a Path,
    /// `get-plugin-metadata`: the executable's one argument.
    pub command: &'static str,
    /// One JSON object on one line.
    pub request: Vec<u8>,
    pub time: Duration,
    /// Most bytes of the answer.
    pub limit: usize,
}

impl Call<'_> {
    fn failed(&self, error: &std::io::Error) -> PluginError {
        PluginError::Start {
            plugin: self.plugin.to_string(),
            path: self.path.display().to_string(),
            reason: start_reason(error),
        }
    }
}

/// most of a plugin's standard error that is looked at; the rest is read and forgotten
const COMPLAINT_LIMIT: usize = 1024 * 1024;

/// most characters of a plugin's own words that are repeated
const WORDS_LIMIT: usize = 1024;

/// most members of errorMetadata that are repeated
const METADATA_LIMIT: usize = 16;

/// A file that was just written may be open in a process that another thread is about to start (`ETXTBSY`): tried
/// again this often, at this distance.
const BUSY: (usize, Duration) = (50, Duration::from_millis(20));

/// What has been written by a plugin that ended is there at once; whoever else holds its standard
/// output is not waited for.
const GRACE: Duration = Duration::from_millis(500);

impl Launcher {
    /// `env` is what plugins see, less what [`Env::for_child`] withholds: this program's own
    /// settings and credentials. A plugin's own (`AZURE_*`, `AWS_*`, `VAULT_*`, …) are left to it.
    pub fn new(env: &Env, clock: Arc<dyn Clock>, group: ProcessGroup) -> Self {
        Self { env: env.for_child(), clock, group }
    }

    /// The standard output of a run that went well.
    pub async fn run(&self, call: Call<'_>) -> Result<Vec<u8>, PluginError> {
        let (plugin, command) = (call.plugin.to_string(), call.command);
        let begun = self.clock.elapsed();
        let done = self.run_within(call).await;
        let took = self.clock.elapsed().saturating_sub(begun).as_millis();
        match &done {
            Ok((status, _)) => tracing::info!(target: "sealwright",
                "plugin {plugin}: {command} took {took} ms: {status}"),
            Err(error) => tracing::info!(target: "sealwright",
                "plugin {plugin}: {command} took {took} ms: {}", crate::fault::Fault::code(error)),
        }
        done?.1
    }

    /// How it ended, and what came of it.
    async fn run_within(
        &self,
        call: Call<'_>,
    ) -> Result<(String, Result<Vec<u8>, PluginError>), PluginError> {
        let mut running = self.start(&call).await?;
        let said = tokio::select! {
            biased;
            said = running.converse(&call, &*self.clock) => said?,
            () = self.clock.sleep(call.time) => return Err(PluginError::TimedOut {
                plugin: call.plugin.to_string(),
                command: call.command,
                seconds: call.time.as_secs(),
            }),
        };
        let status = in_gos_words(said.status);
        match said.status.success() {
            true => Ok((status, Ok(said.answer))),
            false => Ok((status.clone(), Err(complaint(&call, status, &said.complaint)))),
        }
    }

    async fn start(&self, call: &Call<'_>) -> Result<Running, PluginError> {
        let mut command = Command::new(call.path);
        command
            .arg(call.command)
            .env_clear()
            .envs(self.env.with_prefix(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        if self.group == ProcessGroup::Own {
            command.process_group(0);
        }
        let (mut again, distance) = BUSY;
        loop {
            match command.spawn() {
                Ok(child) => {
                    let own = child.id().filter(|_| self.group == ProcessGroup::Own);
                    return Ok(Running { child, group: Group(own) });
                }
                Err(error)
                    if error.kind() == std::io::ErrorKind::ExecutableFileBusy && again > 0 =>
                {
                    again -= 1;
                    self.clock.sleep(distance).await;
                }
                Err(error) => return Err(call.failed(&error)),
            }
        }
    }
}

/// A process that is ended when nobody waits for it any more.
struct Running {
    child: Child,
    group: Group,
}

/// What a run came to.
struct Said {
    status: ExitStatus,
    answer: Vec<u8>,
    complaint: Vec<u8>,
}

impl Running {
    async fn converse(&mut self, call: &Call<'_>, clock: &dyn Clock) -> Result<Said, PluginError> {
        let broken = |error: std::io::Error| call.failed(&error);
        let Self { child, group } = self;
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take().expect("standard error is piped");
        let (mut answer, mut complaint) = (Vec::new(), Vec::new());
        let (heard, blamed) = (&mut answer, &mut complaint);
        let talk = async move {
            let give = async {
                // a plugin that ends without reading is judged by its exit status
                let _ = stdin.write_all(&call.request).await;
                drop(stdin);
                Ok(())
            };
            let hear = async {
                match read(stdout, heard, call.limit).await.map_err(broken)? {
                    Amount::Within => Ok(()),
                    Amount::Beyond => Err(PluginError::TooLarge {
                        plugin: call.plugin.to_string(),
                        command: call.command,
                        limit: call.limit,
                    }),
                }
            };
            let blame = async {
                read(stderr, blamed, COMPLAINT_LIMIT).await.map_err(broken)?;
                Ok(())
            };
            futures_util::try_join!(give, hear, blame).map(|_| ())
        };
        let mut talk = Box::pin(talk);
        let status = tokio::select! {
            biased;
            over = &mut talk => {
                over?;
                child.wait().await.map_err(broken)?
            }
            ended = child.wait() => {
                group.end();
                tokio::select! {
                    biased;
                    over = &mut talk => over?,
                    () = clock.sleep(GRACE) => {}
                }
                ended.map_err(broken)?
            }
        };
        drop(talk);
        group.end();
        Ok(Said { status, answer, complaint })
    }
}

/// The process group of a plugin, until it was ended.
struct Group(Option<u32>);

impl Group {
    /// Ends every process in it.
    #[cfg(unix)]
    fn end(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let leader = self.0.take().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(leader) = leader {
            // none may be left
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn end(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

#[derive(PartialEq, Eq)]
enum Amount {
    Within,
    Beyond,
}

/// Reads to the end and keeps at most `limit` bytes. Of standard output the rest is not wanted: the
/// caller ends the plugin.
async fn read(
    mut stream: impl AsyncRead + Unpin,
    kept: &mut Vec<u8>,
    limit: usize,
) -> std::io::Result<Amount> {
    (&mut stream).take(limit as u64).read_to_end(kept).await?;
    let mut beyond = [0; 4096];
    loop {
        match stream.read(&mut beyond).await? {
            0 => return Ok(Amount::Within),
            _ if limit == COMPLAINT_LIMIT => {}
            _ => return Ok(Amount::Beyond),
        }
    }
}

/// plugin-extensibility.md, "Error".
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorObject {
    error_code: Option<String>,
    error_message: Option<String>,
    error_metadata: Option<std::collections::BTreeMap<String, String>>,
}

/// What a plugin that failed said.
fn complaint(call: &Call<'_>, status: String, stderr: &[u8]) -> PluginError {
    let (plugin, command) = (call.plugin.to_string(), call.command);
    if stderr.is_empty() {
        let path = call.path.display().to_string();
        return PluginError::Silent { plugin, command, path, status };
    }
    let read = serde_json::from_slice::<ErrorObject>(stderr).map_err(|error| error.to_string());
    let problem = match read {
        Err(problem) => problem,
        Ok(ErrorObject { error_code: None, error_message: None, error_metadata: None }) => {
            "it names neither a code nor a message".to_owned()
        }
        Ok(object) => {
            let short = |text: String| excerpt(&text, WORDS_LIMIT);
            let pairs = object.error_metadata.unwrap_or_default().into_iter();
            return PluginError::Refused {
                code: short(object.error_code.unwrap_or_default()),
                message: short(object.error_message.unwrap_or_default()),
                metadata: pairs.take(METADATA_LIMIT).map(|(n, v)| (short(n), short(v))).collect(),
            };
        }
    };
    let said = excerpt(String::from_utf8_lossy(stderr).trim(), WORDS_LIMIT);
    PluginError::MalformedError { plugin, command, said, problem }
}

/// `exit status 3`, `signal: 9`: os.ProcessState's String, with numbers of signals.
fn in_gos_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            9 => "signal: killed".to_owned(),
            11 => "signal: segmentation fault".to_owned(),
            other => format!("signal: {other}"),
        };
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => status.to_string(),
    }
}

fn start_reason(error: &std::io::Error) -> String {
    // the kernel's ENOEXEC has no kind of its own that is stable
    match error.to_string() {
        text if text.starts_with("Exec format error") => "exec format error".to_owned(),
        _ => os_reason(error),
    }
}
