// A machine for the launcher, a server as GitHub, and a proxy.
//
// Each test has a copy of the launcher in a folder of its own, a shell script as the binary, and
// servers on this machine. Their keys are public and worth nothing.
'use strict';

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { afterEach } = require('node:test');

const PEM = path.join(__dirname, '../fixtures/launcher/localhost.pem');
const VERSION = '1.2.3';
const ASSET = `sealwright-${process.platform}-${process.arch}`;

// Tells its arguments and the environment it got; `sleep` waits for a signal.
const SCRIPT = `#!/bin/sh
echo "arguments: $*"
# the shell itself leaves out names with hyphens
echo "password: $(tr '\\0' '\\n' < /proc/$$/environ | sed -n 's/^INPUT_REGISTRY-PASSWORD=//p')"
if [ "$BEHAVIOUR" = signal ]; then
  trap 'echo "got SIGTERM"; exit 7' TERM
  echo waiting
  while :; do sleep 0.05; done
fi
if [ "$BEHAVIOUR" = killed ]; then kill -9 $$; fi
exit "\${STATUS:-0}"
`;

const cleanUps = [];
afterEach(async () => {
  while (cleanUps.length) await cleanUps.pop()();
});

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');

// A machine with the action checked out and a temporary folder; nobody made the tool cache yet.
class Machine {
  constructor({ built = true, checksum } = {}) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'launcher-'));
    cleanUps.push(() => fs.rmSync(this.folder, { recursive: true }));
    for (const below of ['dist', 'temp']) fs.mkdirSync(this.path(below));
    for (const file of ['index.js', 'post.js']) {
      fs.copyFileSync(path.join(__dirname, '../../dist', file), this.path(`dist/${file}`));
    }
    const files = checksum ? { [ASSET]: checksum } : {};
    fs.writeFileSync(this.path('dist/checksums.json'), JSON.stringify({ version: VERSION, files }));
    if (built) fs.writeFileSync(this.path('dist/sealwright'), SCRIPT, { mode: 0o755 });
  }

  path(below) {
    return path.join(this.folder, below);
  }

  get cached() {
    return this.path(`tools/sealwright/${VERSION}/${process.arch}/sealwright`);
  }

  // What a runner gives to a step.
  get host() {
    return {
      RUNNER_TOOL_CACHE: this.path('tools'),
      RUNNER_TEMP: this.path('temp'),
      GITHUB_STATE: this.path('state'),
      GITHUB_ACTION_REPOSITORY: 'owner/sealwright',
    };
  }

  spawn(variables = {}, file = 'index.js') {
    const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: PEM, ...this.host, ...variables };
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
    const child = spawn(process.execPath, [this.path(`dist/${file}`)], { env });
    child.log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (child.log += text));
    }
    return child;
  }

  async run(variables, file) {
    const child = this.spawn(variables, file);
    const [status, signal] = await once(child, 'close');
    return { status, signal, log: child.log };
  }

  // The end of the job, with what the runner hands to it.
  end(variables) {
    return this.run({ ...variables, ...this.state }, 'post.js');
  }

  get state() {
    if (!fs.existsSync(this.path('state'))) return {};
    const lines = fs.readFileSync(this.path('state'), 'utf8').split('\n').filter(Boolean);
    return Object.fromEntries(
      lines.map((line) => [`STATE_${line.split('=')[0]}`, line.slice(line.indexOf('=') + 1)]),
    );
  }
}

// A server whose answers are made by `answer(request, response)`; counts the requests.
async function server(answer, file = PEM) {
  const pem = fs.readFileSync(file);
  const asked = [];
  const listening = https.createServer({ key: pem, cert: pem }, (request, response) => {
    asked.push(request.url);
    answer(request, response, asked.length);
  });
  listening.listen(0, 'localhost');
  await once(listening, 'listening');
  cleanUps.push(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return { url: `https://localhost:${listening.address().port}`, asked };
}

// A proxy that leads every connection to one server; notes what it is asked.
async function proxy(target, status = '200 OK') {
  const asked = [];
  const listening = http.createServer();
  listening.on('connect', ({ url, headers }, client) => {
    asked.push({ url, authorization: headers['proxy-authorization'] });
    const server = net.connect(new URL(target).port, 'localhost');
    for (const socket of [client, server]) socket.on('error', () => {});
    client.write(`HTTP/1.1 ${status}\r\n\r\n`);
    client.pipe(server).pipe(client);
    cleanUps.push(() => [client, server].forEach((socket) => socket.destroy()));
  });
  listening.listen(0, 'localhost');
  await once(listening, 'listening');
  cleanUps.push(() => listening.close());
  return { host: `localhost:${listening.address().port}`, asked };
}

const serving = (body) => (_, response) => response.end(body);

module.exports = { ASSET, Machine, PEM, SCRIPT, VERSION, proxy, server, serving, sha256 };
