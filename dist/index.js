// Finds the sealwright binary for this machine and hands the step over to it.
//
// Order: dist/ of this action, the tool cache, a download checked against dist/checksums.json.
// Inputs, outputs, signals and the exit status go through untouched; nothing is put on a command
// line but the subcommand. The end of the job is served by the binary the step found, never by
// another download.
'use strict';

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');

// largest binary that is downloaded, in bytes; ours are under 10,000,000
const LIMIT = 64 * 1024 * 1024;
const REDIRECTS = 5;
const TIMEOUT = 60_000; // milliseconds without an answer
const TRIES = 3;
const PAUSE = 1_000; // milliseconds before the second try; before the third one twice that

// Kept for the end of the job: that the step has run, and with which binary.
const STARTED = 'sealwright_started';
const BINARY = 'sealwright_binary';

const env = process.env;
const suffix = process.platform === 'win32' ? '.exe' : '';

// The file name of a release for this machine, such as sealwright-linux-x64.
function asset() {
  return `sealwright-${process.platform}-${process.arch}${suffix}`;
}

// A failure worded for the log: one line, no other workflow command inside.
function fail(text) {
  const data = text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  process.stdout.write(`::error title=sealwright::${data}\n`);
  process.exitCode = 1;
}

function sha256(bytes) {
  return crypto.createHash('sha256').update(bytes).digest('hex');
}

function released() {
  const file = path.join(__dirname, 'checksums.json');
  const { version, files } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return { version, checksum: files[asset()] };
}

// Where downloads are kept: for later jobs, or without a tool cache for as long as the job.
function cacheFolder(version) {
  const { RUNNER_TOOL_CACHE: tools, RUNNER_TEMP: temporary } = env;
  const root = tools || (temporary && path.join(temporary, 'sealwright-tools'));
  return root ? path.join(root, 'sealwright', version, process.arch) : undefined;
}

// The binary kept before, as long as it is still the released one.
function cached(version, checksum) {
  const folder = cacheFolder(version);
  if (!folder || !fs.existsSync(`${folder}.complete`)) return undefined;
  const binary = path.join(folder, `sealwright${suffix}`);
  try {
    return sha256(fs.readFileSync(binary)) === checksum ? binary : undefined;
  } catch {
    return undefined;
  }
}

function keep(version, bytes) {
  const folder = cacheFolder(version);
  if (!folder) throw new Error('neither RUNNER_TOOL_CACHE nor RUNNER_TEMP is set');
  fs.mkdirSync(folder, { recursive: true });
  const binary = path.join(folder, `sealwright${suffix}`);
  // renamed, since another job may be running the file
  const temporary = `${binary}.${crypto.randomUUID()}`;
  fs.writeFileSync(temporary, bytes, { mode: 0o755 });
  fs.renameSync(temporary, binary);
  fs.writeFileSync(`${folder}.complete`, '');
  return binary;
}

// A failure that asking again does not mend.
class Final extends Error {}

function get(url, redirects = REDIRECTS) {
  return new Promise((resolve, reject) => {
    if (url.protocol !== 'https:') throw new Final(`${url.origin}: only https is downloaded from`);
    const request = https.get(url, { timeout: TIMEOUT }, (answer) => {
      const { statusCode: status, headers } = answer;
      if (status >= 300 && status < 400 && headers.location) {
        answer.resume();
        const next = URL.canParse(headers.location, url) && new URL(headers.location, url);
        if (!next) reject(new Final(`${url.origin} redirects to nowhere`));
        else if (redirects === 0) reject(new Final(`${url.origin}: too many redirects`));
        else resolve(get(next, redirects - 1));
        return;
      }
      if (status !== 200) {
        answer.resume();
        const lasting = status < 500 && status !== 408 && status !== 429;
        const kind = lasting ? Final : Error;
        reject(new kind(`${url.origin} answered ${status}`));
        return;
      }
      const chunks = [];
      let size = 0;
      answer.on('data', (chunk) => {
        size += chunk.length;
        if (size > LIMIT) request.destroy(new Final(`${url.origin}: more than ${LIMIT} bytes`));
        else chunks.push(chunk);
      });
      answer.on('end', () => resolve(Buffer.concat(chunks)));
      answer.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${url.origin}: no answer`)));
    request.on('error', reject);
  });
}

function address(version) {
  const server = env.GITHUB_SERVER_URL || 'https://github.com';
  const repository = env.GITHUB_ACTION_REPOSITORY;
  if (!repository) throw new Error('GITHUB_ACTION_REPOSITORY is not set');
  return new URL(`${server}/${repository}/releases/download/v${version}/${asset()}`);
}

async function download(version, checksum) {
  const url = address(version);
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

// The binary on this machine; without one, the release that is to be downloaded.
function find() {
  const built = path.join(__dirname, `sealwright${suffix}`);
  if (fs.existsSync(built)) return { binary: built };
  const { version, checksum } = released();
  if (!checksum) {
    throw new Error(
      `no binary for ${process.platform}-${process.arch} in dist/, and dist/checksums.json lists none; ` +
        'build it with: dist/build',
    );
  }
  return { binary: cached(version, checksum), version, checksum };
}

async function fetched({ version, checksum }) {
  try {
    return keep(version, await download(version, checksum));
  } catch (error) {
    throw new Error(`cannot get the sealwright binary: ${error.message}; build it with: dist/build`);
  }
}

function start(binary, args) {
  const child = spawn(binary, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => fail(`cannot start ${binary}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal) fail(`sealwright was ended by ${signal}`);
    else process.exitCode = code;
  });
}

// Node reads the proxy variables only when asked to at its start.
function behindProxy() {
  return ['HTTPS_PROXY', 'https_proxy'].some((name) => env[name]) && !env.NODE_USE_ENV_PROXY;
}

function remember(name, value) {
  if (env.GITHUB_STATE) fs.appendFileSync(env.GITHUB_STATE, `${name}=${value}\n`);
}

async function main() {
  if (env[`STATE_${STARTED}`]) {
    const binary = env[`STATE_${BINARY}`];
    // a step that found no binary did nothing that could be undone
    if (binary) start(binary, ['run', '--post']);
    return;
  }
  remember(STARTED, 'true');
  const found = find();
  if (!found.binary && behindProxy()) {
    env.NODE_USE_ENV_PROXY = '1';
    start(process.execPath, [__filename]);
    return;
  }
  const binary = found.binary ?? (await fetched(found));
  remember(BINARY, binary);
  start(binary, ['run']);
}

main().catch((error) => fail(error.message));
