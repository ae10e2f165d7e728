// Pushes an image of no layers, logged in as docker is: with the identity token in its configuration.
'use strict';

const { execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const [, host, repository, tag] = /^([^/]+)\/(.+):([^:/]+)$/.exec(process.env.INPUT_TAGS);

const sha256 = (text) => `sha256:${crypto.createHash('sha256').update(text).digest('hex')}`;

// The lab's CA is known to curl by SSL_CERT_FILE; node would have to be started with it.
function curl(...args) {
  return execFileSync('curl', ['--silent', '--show-error', '--fail', ...args], { encoding: 'utf8' });
}

function token() {
  const file = path.join(process.env.DOCKER_CONFIG || path.join(os.homedir(), '.docker'), 'config.json');
  const { identitytoken } = JSON.parse(fs.readFileSync(file, 'utf8')).auths[host];
  const form = {
    grant_type: 'refresh_token',
    service: host,
    scope: `repository:${repository}:pull,push`,
    refresh_token: identitytoken,
  };
  const fields = Object.entries(form).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`]);
  return JSON.parse(curl(...fields, `https://${host}/oauth2/token`)).access_token;
}

function push() {
  const authorization = ['--header', `Authorization: Bearer ${token()}`];
  const base = `https://${host}/v2/${repository}`;
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Labels: { repository } } });
  const headers = curl(...authorization, '--request', 'POST', '--dump-header', '-', `${base}/blobs/uploads/`);
  const location = new URL(/^location: (.+?)\r?$/im.exec(headers)[1], `https://${host}`);
  location.searchParams.set('digest', sha256(config));
  const octets = ['--header', 'Content-Type: application/octet-stream'];
  curl(...authorization, ...octets, '--request', 'PUT', '--data-binary', config, location.href);

  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(config),
      size: Buffer.byteLength(config),
    },
    layers: [],
  });
  const type = ['--header', `Content-Type: ${mediaType}`];
  curl(...authorization, ...type, '--request', 'PUT', '--data-binary', manifest, `${base}/manifests/${tag}`);
  return sha256(manifest);
}

if (process.env.INPUT_PUSH !== 'true') throw new Error('push: true is expected');
fs.appendFileSync(process.env.GITHUB_OUTPUT, `digest=${push()}\n`);
