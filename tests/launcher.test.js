// The launcher as a runner starts it: `node --test tests/launcher.test.js`.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { ASSET, Machine, SCRIPT, VERSION, proxy, server, serving, sha256 } = require('./launcher/machine.js');

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
  assert.deepEqual(await machine.end(), { status: 0, signal: null, log: '' });
});

test('the end of the job starts the same binary to clean up', async () => {
  const machine = new Machine();
  await machine.run();
  const { status, log } = await machine.end();
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
  const post = await machine.end(variables);
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

test('a download goes through the proxy, and only past it where NO_PROXY says so', async () => {
  const github = await server(serving(SCRIPT));
  const between = await proxy(github.url);
  const variables = { GITHUB_SERVER_URL: github.url, HTTPS_PROXY: `http://me:p%40ss@${between.host}` };
  const { host } = new URL(github.url);
  const run = async (more) => {
    const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
    const { status, log } = await machine.run({ ...variables, ...more });
    assert.equal(status, 0, log);
  };
  await run({});
  const authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  assert.deepEqual(between.asked, [{ url: host, authorization }]);
  for (const NO_PROXY of ['other.example, localhost', '.localhost', '*']) await run({ NO_PROXY });
  assert.equal(between.asked.length, 1);
  await run({ NO_PROXY: 'host,ocalhost' });
  assert.equal(between.asked.length, 2);
});

test('a proxy that refuses is named', async () => {
  const github = await server(serving(SCRIPT));
  const between = await proxy(github.url, '407 Who are you');
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const variables = { GITHUB_SERVER_URL: github.url, https_proxy: `http://${between.host}` };
  const { status, log } = await machine.run(variables);
  assert.equal(status, 1);
  assert.match(log, /the proxy localhost:\d+ answered 407/);
  assert.equal(github.asked.length, 0);
});

test('offline the failure says what to do, and the tool cache does without a network', async () => {
  const machine = new Machine({ built: false, checksum: sha256(SCRIPT) });
  const github = await server(serving(SCRIPT));
  await machine.run({ GITHUB_SERVER_URL: github.url });
  const offline = { GITHUB_SERVER_URL: 'https://localhost:1' };
  assert.equal((await machine.run(offline)).status, 0);
  fs.rmSync(machine.path('tools'), { recursive: true });
  const { status, log } = await machine.run(offline);
  assert.equal(status, 1);
  assert.match(log, /^::error title=sealwright::cannot get .*ECONNREFUSED.*build it with: dist\/build\n$/);
});
