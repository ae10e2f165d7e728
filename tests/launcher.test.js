// The launcher as a runner starts it: `node --test tests/launcher.test.js`.
//
// Each test has a copy of it in a folder of its own, a shell script as the binary, and a server on
// this machine as GitHub. The server's key is public and worth nothing.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const https = require('node:https');
const os = require('node:os');
const path = require('node:path');
const { test, afterEach } = require('node:test');

const PEM = path.join(__dirname, 'fixtures/launcher/localhost.pem');
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
    fs.copyFileSync(path.join(__dirname, '../dist/index.js'), this.path('dist/index.js'));
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

  spawn(variables = {}) {
    const env = {
      PATH: process.env.PATH,
      RUNNER_TOOL_CACHE: this.path('tools'),
      RUNNER_TEMP: this.path('temp'),
      GITHUB_STATE: this.path('state'),
      GITHUB_ACTION_REPOSITORY: 'owner/sealwright',
      NODE_EXTRA_CA_CERTS: PEM,
      ...variables,
    };
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
    const child = spawn(process.execPath, [this.path('dist/index.js')], { env });
    child.log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (child.log += text));
    }
    return child;
  }

  async run(variables) {
    const child = this.spawn(variables);
    const [status, signal] = await once(child, 'close');
    return { status, signal, log: child.log };
  }

  // What the runner hands to the end of the job.
  get state() {
    const lines = fs.readFileSync(this.path('state'), 'utf8').split('\n').filter(Boolean);
    return Object.fromEntries(
      lines.map((line) => [`STATE_${line.split('=')[0]}`, line.slice(line.indexOf('=') + 1)]),
    );
  }
}

// A server whose answers are made by `answer(request, response)`; counts the requests.
async function server(answer) {
  const pem = fs.readFileSync(PEM);
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

const serving = (body) => (_, response) => response.end(body);

test('the binary in dist/ is started with the subcommand alone', async () => {
  const { status, log } = await new Machine().run({ 'INPUT_REGISTRY-PASSWORD': 's3cret' });
  assert.equal(status, 0, log);
  // inputs reach it by the environment, nothing by the command line
  assert.equal(log, 'arguments: run\npassword: s3cret\n');
});

test('the exit status goes through', async () => {
  const { status, log } = await new Machine().run({ STATUS: '3' });
  assert.equal(status, 3, log);
});

test('a signal reaches the binary, and its exit status the runner', async () => {
  const child = new Machine().spawn({ BEHAVIOUR: 'signal' });
  while (!child.log.includes('waiting')) await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [status] = await once(child, 'close');
  assert.match(child.log, /got SIGTERM/);
  assert.equal(status, 7);
});

test('a binary that is killed fails the step and says so', async () => {
  const { status, log } = await new Machine().run({ BEHAVIOUR: 'killed' });
  assert.equal(status, 1);
  assert.match(log, /::error title=sealwright::sealwright was ended by SIGKILL\n/);
});

test('a binary that cannot start is named', async () => {
  const machine = new Machine();
  fs.chmodSync(machine.path('dist/sealwright'), 0o644);
  const { status, log } = await machine.run();
  assert.equal(status, 1);
  assert.match(log, /^::error title=sealwright::cannot start .*dist\/sealwright: /);
});

test('without a binary and a checksum the error names the build command', async () => {
  const machine = new Machine({ built: false });
  const { status, log } = await machine.run();
  assert.equal(status, 1);
  assert.match(log, /^::error title=sealwright::no binary for .*; build it with: dist\/build\n$/);
  // and the end of the job has nothing to undo, so it is silent
  assert.deepEqual(await machine.run(machine.state), { status: 0, signal: null, log: '' });
});

test('the end of the job starts the same binary to clean up', async () => {
  const machine = new Machine();
  await machine.run();
  const { status, log } = await machine.run(machine.state);
  assert.equal(status, 0, log);
  assert.match(log, /^arguments: run --post\n/);
});

test('a release is downloaded once, checked, and kept in the tool cache', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const github = await server(serving(SCRIPT));
  const variables = { GITHUB_SERVER_URL: github.url };
  const first = await machine.run(variables);
  assert.equal(first.status, 0, first.log);
  assert.deepEqual(github.asked, [`/owner/sealwright/releases/download/v${VERSION}/${ASSET}`]);
  assert.equal(sha256(fs.readFileSync(machine.cached)), sha256(SCRIPT));
  assert.ok(fs.existsSync(`${path.dirname(machine.cached)}.complete`));
  const second = await machine.run(variables);
  assert.equal(second.status, 0, second.log);
  // neither does the end of the job ask again
  const post = await machine.run({ ...variables, ...machine.state });
  assert.match(post.log, /run --post/);
  assert.equal(github.asked.length, 1);
});

test('a cached binary that is not the released one is downloaded again', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const github = await server(serving(SCRIPT));
  const variables = { GITHUB_SERVER_URL: github.url };
  await machine.run(variables);
  fs.appendFileSync(machine.cached, 'echo stranger\n');
  const changed = await machine.run(variables);
  assert.equal(changed.status, 0, changed.log);
  assert.doesNotMatch(changed.log, /stranger/);
  // an entry that another job has not finished is no hit either
  fs.rmSync(`${path.dirname(machine.cached)}.complete`);
  await machine.run(variables);
  assert.equal(github.asked.length, 3);
});

test('without a tool cache the binary is kept as long as the job', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const github = await server(serving(SCRIPT));
  const variables = { GITHUB_SERVER_URL: github.url, RUNNER_TOOL_CACHE: undefined };
  await machine.run(variables);
  const { status, log } = await machine.run(variables);
  assert.equal(status, 0, log);
  assert.equal(github.asked.length, 1);
});

test('a download with another checksum is never run nor kept', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const github = await server(serving(`${SCRIPT}#`));
  const { status, log } = await machine.run({ GITHUB_SERVER_URL: github.url });
  assert.equal(status, 1);
  assert.match(log, /^::error title=sealwright::.*SHA-256 is [0-9a-f]{64}, dist\/checksums.json says/);
  assert.match(log, /build it with: dist\/build\n$/);
  assert.equal(github.asked.length, 1);
  assert.ok(!fs.existsSync(machine.cached));
});

test('an answer that may pass is asked for again, a refusal is not', async () => {
  for (const [status, times, ok] of [[503, 2, true], [429, 2, true], [404, 1, false]]) {
    const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
    const github = await server((_, response, count) => {
      if (count === 1) response.statusCode = status;
      response.end(SCRIPT);
    });
    const done = await machine.run({ GITHUB_SERVER_URL: github.url });
    assert.equal(done.status === 0, ok, done.log);
    assert.equal(github.asked.length, times);
  }
});

test('redirects are followed on https only, and not for ever', async () => {
  const far = await server(serving(SCRIPT));
  for (const [location, message] of [
    [`${far.url}/asset`, undefined],
    ['http://localhost:1/asset', /only https is downloaded from/],
    ['/again', /too many redirects/],
    ['https://[', /redirects to nowhere/],
  ]) {
    const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
    const github = await server((_, response) => response.writeHead(302, { location }).end());
    const { status, log } = await machine.run({ GITHUB_SERVER_URL: github.url });
    assert.equal(status, message ? 1 : 0, log);
    if (message) assert.match(log, message);
    assert.ok(github.asked.length <= 6, `${github.asked.length} requests`);
  }
});

test('a server without https is not asked', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const { status, log } = await machine.run({ GITHUB_SERVER_URL: 'http://localhost:1' });
  assert.equal(status, 1);
  assert.match(log, /only https is downloaded from/);
});

test('a server whose certificate nobody vouches for is not believed', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const github = await server(serving(SCRIPT));
  const { status, log } = await machine.run({
    GITHUB_SERVER_URL: github.url,
    NODE_EXTRA_CA_CERTS: undefined,
  });
  assert.equal(status, 1);
  assert.match(log, /certificate/);
  assert.equal(github.asked.length, 0);
});

test('an endless answer is cut off', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const chunk = Buffer.alloc(1024 * 1024);
  const github = await server((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    more();
  });
  const { status, log } = await machine.run({ GITHUB_SERVER_URL: github.url });
  assert.equal(status, 1);
  assert.match(log, /more than 67108864 bytes/);
});

test('a failure is one command, whatever is in it', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const { log } = await machine.run({ GITHUB_SERVER_URL: 'https://x\n::warning::y%0A' });
  assert.equal(log.trimEnd().split('\n').length, 1, log);
  assert.match(log, /^::error title=sealwright::/);
});

test('behind a proxy only a download starts the launcher again', async () => {
  const proxy = { HTTPS_PROXY: 'http://localhost:1' };
  assert.equal((await new Machine().run(proxy)).log, 'arguments: run\npassword: \n');
  const machine = new Machine({ built: false });
  const { status, log } = await machine.run(proxy);
  assert.equal(status, 1);
  assert.match(log, /build it with: dist\/build/);
});
