// Finds the sealwright binary for this machine and hands the step over to it.
//
// Order: dist/, the tool cache, a download checked against dist/checksums.json. Inputs, outputs,
// signals and the exit status go through untouched; nothing is put on a command line but the
// subcommand. The end of the job is served by the binary the step found, never by another download.
'use strict';

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const tls = require('node:tls');

// largest binary that is downloaded, in bytes; ours are under 10,000,000
const LIMIT = 64 * 1024 * 1024;
const REDIRECTS = 5;
const TIMEOUT = 60_000; // milliseconds without an answer
const TRIES = 3;
const PAUSE = 1_000; // milliseconds before the second try; before the third one twice that

// Kept for the end of the job: the binary of the step.
const BINARY = 'sealwright_binary';

const env = process.env;
const suffix = process.platform === 'win32' ? '.exe' : '';
// An agent of Azure Pipelines; else a runner of GitHub.
const agent = env.TF_BUILD?.toLowerCase() === 'true' && env.GITHUB_ACTIONS !== 'true';
const temporary = agent ? env.AGENT_TEMPDIRECTORY : env.RUNNER_TEMP;
const tools = agent ? env.AGENT_TOOLSDIRECTORY : env.RUNNER_TOOL_CACHE;

// The file name of a release for this machine, such as sealwright-linux-x64.
const asset = `sealwright-${process.platform}-${process.arch}${suffix}`;

// Data of a command: one line, and `%` first, since the host undoes it last.
function escaped(text) {
  const percent = agent ? '%AZP25' : '%25';
  const data = text.replace(/%/g, percent).replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  return agent ? data.replace(/\]/g, '%5D').replace(/;/g, '%3B') : data;
}

// A failure worded for the log. To an agent a status that is not 0 means that it failed itself.
function fail(text) {
  const data = escaped(text.replace(/##/g, '# #'));
  process.exitCode = agent ? 0 : 1;
  if (!agent) return console.log(`::error title=sealwright::${data}`);
  console.log(`##vso[task.logissue type=error]sealwright: ${data}`);
  console.log('##vso[task.complete result=Failed]');
}

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

// Where downloads are kept: for later jobs, or without a tool cache for as long as the job.
function cacheFolder(version) {
  const root = tools || (temporary && path.join(temporary, 'sealwright-tools'));
  if (!root) throw new Error('the host names neither a tool cache nor a temporary folder');
  return path.join(root, 'sealwright', version, process.arch);
}

// The binary kept before, as long as it is still the released one.
function cached(folder, checksum) {
  const binary = path.join(folder, `sealwright${suffix}`);
  const whole = fs.existsSync(`${folder}.complete`) && fs.existsSync(binary);
  return whole && sha256(fs.readFileSync(binary)) === checksum ? binary : undefined;
}

function keep(folder, bytes) {
  fs.mkdirSync(folder, { recursive: true });
  const binary = path.join(folder, `sealwright${suffix}`);
  // renamed, since another job may be running the file
  const unfinished = `${binary}.${crypto.randomUUID()}`;
  fs.writeFileSync(unfinished, bytes, { mode: 0o755 });
  fs.renameSync(unfinished, binary);
  fs.writeFileSync(`${folder}.complete`, '');
  return binary;
}

// A failure that asking again does not mend.
class Final extends Error {}

// The proxy that stands before a host; in NO_PROXY a name stands for what is below it too.
function proxyOf({ hostname }) {
  const proxy = env.https_proxy || env.HTTPS_PROXY || (agent && env.AGENT_PROXYURL);
  const direct = (env.no_proxy || env.NO_PROXY || '').split(/[\s,]+/).filter(Boolean);
  const named = (name) => name === '*' || `.${hostname}`.endsWith(`.${name.replace(/^\*?\./, '')}`);
  return proxy && !direct.some(named) ? new URL(proxy) : undefined;
}

// A connection to the server through a proxy (RFC 9110, "CONNECT").
async function tunnel(proxy, url) {
  const target = `${url.hostname}:${url.port || 443}`;
  const user = Buffer.from(decodeURIComponent(`${proxy.username}:${proxy.password}`));
  const authorization = proxy.username && `Basic ${user.toString('base64')}`;
  const headers = { host: target, ...(authorization && { 'proxy-authorization': authorization }) };
  const { hostname: host, port } = proxy;
  const asked = { host, port, method: 'CONNECT', path: target, headers, timeout: TIMEOUT };
  const request = http.request(asked).end();
  request.on('timeout', () => request.destroy(new Error(`the proxy ${proxy.host}: no answer`)));
  const [{ statusCode: status }, socket] = await once(request, 'connect');
  if (status !== 200) throw new Error(`the proxy ${proxy.host} answered ${status}`);
  return tls.connect({ socket, servername: url.hostname });
}

async function get(url, redirects = REDIRECTS) {
  if (url.protocol !== 'https:') throw new Final(`${url.origin}: only https is downloaded from`);
  const proxy = proxyOf(url);
  const socket = proxy && (await tunnel(proxy, url));
  const options = { timeout: TIMEOUT, ...(socket && { createConnection: () => socket }) };
  const request = https.get(url, options);
  request.on('timeout', () => request.destroy(new Error(`${url.origin}: no answer`)));
  request.on('error', () => {}); // whoever waits for the answer or reads it meets the error too
  const [answer] = await once(request, 'response');
  const { statusCode: status, headers } = answer;
  if (status !== 200) answer.resume();
  if (status >= 300 && status < 400 && headers.location) {
    if (!URL.canParse(headers.location, url)) throw new Final(`${url.origin} redirects to nowhere`);
    if (redirects === 0) throw new Final(`${url.origin}: too many redirects`);
    return get(new URL(headers.location, url), redirects - 1);
  }
  const lasting = status < 500 && status !== 408 && status !== 429;
  if (status !== 200) throw new (lasting ? Final : Error)(`${url.origin} answered ${status}`);
  const chunks = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > LIMIT) throw new Final(`${url.origin}: more than ${LIMIT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function download(version, checksum) {
  const repository = agent ? 'sealwright/sealwright' : env.GITHUB_ACTION_REPOSITORY;
  if (!repository) throw new Error('GITHUB_ACTION_REPOSITORY is not set');
  const server = (!agent && env.GITHUB_SERVER_URL) || 'https://github.com';
  const url = new URL(`${server}/${repository}/releases/download/v${version}/${asset}`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const bytes = await get(url);
      const found = sha256(bytes);
      if (found === checksum) return bytes;
      throw new Final(`${url}: SHA-256 is ${found}, dist/checksums.json says ${checksum}`);
    } catch (error) {
      if (error instanceof Final || attempt === TRIES) throw error;
      await pause(attempt * PAUSE);
    }
  }
}

async function find() {
  const built = [asset, `sealwright${suffix}`].map((name) => path.join(__dirname, name));
  const binary = built.find((file) => fs.existsSync(file));
  // a package of Azure Pipelines keeps no permissions
  if (binary && agent && !(fs.statSync(binary).mode & 0o111)) fs.chmodSync(binary, 0o755);
  if (binary) return binary;
  const { version, files } = require('./checksums.json');
  const checksum = files[asset];
  const hint = 'build it with: dist/build';
  if (!checksum) throw new Error(`no binary for ${asset} in dist/ or dist/checksums.json; ${hint}`);
  try {
    const folder = cacheFolder(version);
    return cached(folder, checksum) ?? keep(folder, await download(version, checksum));
  } catch (error) {
    throw new Error(`cannot get the sealwright binary: ${error.message}; ${hint}`);
  }
}

function start(binary, args) {
  const child = spawn(binary, args, { stdio: 'inherit' });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('error', (error) => fail(`cannot start ${binary}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal) fail(`sealwright was ended by ${signal}`);
    else if (agent && code) fail(`sealwright ended with status ${code}`);
    else process.exitCode = code;
  });
}

// For post.js. A step that found no binary did nothing that could be undone.
function end() {
  const binary = env[agent ? `VSTS_TASKVARIABLE_${BINARY.toUpperCase()}` : `STATE_${BINARY}`];
  if (binary) start(binary, ['run', '--post']);
}

async function main() {
  const binary = await find();
  if (agent) console.log(`##vso[task.settaskvariable variable=${BINARY}]${escaped(binary)}`);
  else if (env.GITHUB_STATE) fs.appendFileSync(env.GITHUB_STATE, `${BINARY}=${binary}\n`);
  start(binary, ['run']);
}

module.exports = { end };
if (require.main === module) main().catch((error) => fail(error.message));
