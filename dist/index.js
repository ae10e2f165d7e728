// Finds the sealwright binary for this machine and hands the step over to it.
//
// Order: dist/ of this action, the tool cache, a download checked against dist/checksums.json.
// Inputs, outputs, signals and the exit status go through untouched; nothing is put on a command
// line but the subcommand.
'use strict';

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');

// largest binary that is downloaded, in bytes; ours are under 10,000,000
const LIMIT = 64 * 1024 * 1024;
const REDIRECTS = 5;
const TIMEOUT = 60_000;
const TRIES = 3;

const env = process.env;
const suffix = process.platform === 'win32' ? '.exe' : '';

// The file name of a release for this machine, such as sealwright-linux-x64.
function asset() {
  return `sealwright-${process.platform}-${process.arch}${suffix}`;
}

// A failure worded for the log: one line, no workflow command inside.
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

// The binary kept by an earlier job on this machine, as long as it is still the released one.
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

function cacheFolder(version) {
  const root = env.RUNNER_TOOL_CACHE;
  return root ? path.join(root, 'sealwright', version, process.arch) : undefined;
}

// Keeps the binary for later jobs; without a tool cache it lives as long as the job.
function keep(version, bytes) {
  const cache = cacheFolder(version);
  const folder = cache ?? path.join(env.RUNNER_TEMP ?? __dirname, 'sealwright-bin');
  fs.mkdirSync(folder, { recursive: true });
  const binary = path.join(folder, `sealwright${suffix}`);
  const temporary = `${binary}.${crypto.randomUUID()}`;
  fs.writeFileSync(temporary, bytes, { mode: 0o755 });
  fs.renameSync(temporary, binary);
  if (cache) fs.writeFileSync(`${cache}.complete`, '');
  return binary;
}

function get(url, redirects) {
  return new Promise((resolve, reject) => {
    if (url.protocol !== 'https:') {
      reject(new Error(`${url.origin}: only https is downloaded from`));
      return;
    }
    const request = https.get(url, { timeout: TIMEOUT }, (answer) => {
      const { statusCode: status, headers } = answer;
      if (status >= 300 && status < 400 && headers.location) {
        answer.resume();
        if (redirects === 0) reject(new Error(`${url.origin}: too many redirects`));
        else resolve(get(new URL(headers.location, url), redirects - 1));
        return;
      }
      if (status !== 200) {
        answer.resume();
        reject(Object.assign(new Error(`${url.origin} answered ${status}`), { status }));
        return;
      }
      const chunks = [];
      let size = 0;
      answer.on('data', (chunk) => {
        size += chunk.length;
        if (size > LIMIT) request.destroy(new Error(`${url.origin}: more than ${LIMIT} bytes`));
        else chunks.push(chunk);
      });
      answer.on('end', () => resolve(Buffer.concat(chunks)));
      answer.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`${url.origin}: no answer`)));
    request.on('error', reject);
  });
}

async function download(version, checksum) {
  const server = env.GITHUB_SERVER_URL || 'https://github.com';
  const repository = env.GITHUB_ACTION_REPOSITORY;
  if (!repository) throw new Error('GITHUB_ACTION_REPOSITORY is not set');
  const url = new URL(`${server}/${repository}/releases/download/v${version}/${asset()}`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const bytes = await get(url, REDIRECTS);
      const found = sha256(bytes);
      if (found !== checksum) {
        throw Object.assign(
          new Error(`${url}: SHA-256 is ${found}, dist/checksums.json says ${checksum}`),
          { status: 200 },
        );
      }
      return bytes;
    } catch (error) {
      // a wrong file or a plain refusal does not get better by asking again
      const final = error.status !== undefined && error.status < 500 && error.status !== 429;
      if (final || attempt === TRIES) throw error;
    }
  }
}

async function find() {
  const built = path.join(__dirname, `sealwright${suffix}`);
  if (fs.existsSync(built)) return built;
  const { version, checksum } = released();
  if (!checksum) {
    throw new Error(
      `no binary for ${process.platform}-${process.arch} in dist/, and dist/checksums.json lists none; ` +
        'build it with: dist/build',
    );
  }
  const kept = cached(version, checksum);
  if (kept) return kept;
  try {
    return keep(version, await download(version, checksum));
  } catch (error) {
    throw new Error(`cannot get the sealwright binary: ${error.message}; build it with: dist/build`);
  }
}

function start(binary, args) {
  const child = spawn(binary, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
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

async function main() {
  if (behindProxy()) {
    env.NODE_USE_ENV_PROXY = '1';
    start(process.execPath, [__filename]);
    return;
  }
  const post = env.STATE_sealwright_main === 'done';
  if (!post && env.GITHUB_STATE) fs.appendFileSync(env.GITHUB_STATE, 'sealwright_main=done\n');
  start(await find(), post ? ['run', '--post'] : ['run']);
}

main().catch((error) => fail(error.message));
