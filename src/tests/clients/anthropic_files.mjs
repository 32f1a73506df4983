// The Node client of the Anthropic API.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

import Anthropic, { toFile } from '@anthropic-ai/sdk';

const require = createRequire(import.meta.url);
const sdk = path.join(path.dirname(require.resolve('@anthropic-ai/sdk')), 'package.json');
const CLIENT = `anthropic-js-${JSON.parse(fs.readFileSync(sdk)).version}`;
const AGENTS = ['managed-agents-2026-04-01'];
const client = new Anthropic();
let failed = 0;

function equal(name, got, wanted) {
  if (isDeepStrictEqual(got, wanted)) {
    console.log(`ok ${CLIENT} ${name}`);
  } else {
    failed += 1;
    console.log(`FAIL ${CLIENT} ${name}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
  }
}

async function raises(name, wanted, call) {
  try {
    equal(name, await call(), wanted);
  } catch (error) {
    equal(name, `${error.constructor.name} ${error.status}`, wanted);
    return error;
  }
}

async function ids(list) {
  const found = [];
  for await (const file of list) found.push(file.id);
  return found;
}

const text = (name, body = 'x') => toFile(Buffer.from(body), name, { type: 'text/plain' });

async function uploads() {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'client-')), 'data.csv');
  fs.writeFileSync(file, 'a,b\n1,2\n');
  const streamed = await client.files.upload({ file: fs.createReadStream(file) });
  equal('upload of a stream', [streamed.filename, streamed.mime_type, streamed.size_bytes], ['data.csv', 'text/csv', 8]);
  const typed = await client.files.upload({ file: await text('n.md'), expires_in_seconds: 3600 });
  equal('upload with a type', [typed.filename, typed.mime_type, typed.type], ['n.md', 'text/plain', 'file']);
  equal('lifetime', Date.parse(typed.expires_at) - Date.parse(typed.created_at), 3600000);
  equal('metadata', await client.files.retrieveMetadata(typed.id), typed);
  const unnamed = await client.files.upload({ file: await toFile(Buffer.from('x')) });
  equal('upload without a name', unnamed.filename, 'unnamed.bin');
  const quoted = await client.files.upload({ file: await text('r\u00e9port "q".txt') });
  equal('upload of an odd name', quoted.filename, 'r\u00e9port %22q%22.txt');
  const big = await toFile(Buffer.alloc(8 * 1024 * 1024), 'big.bin');
  equal('upload of 8 MiB', (await client.files.upload({ file: big })).size_bytes, 8 * 1024 * 1024);
  const short = async () => client.files.upload({ file: await text('a.txt'), expires_in_seconds: 3599 });
  await raises('upload that ends too soon', 'BadRequestError 400', short);
  await raises('upload of a forbidden name', 'BadRequestError 400', async () =>
    client.files.upload({ file: await text('a:b') }));
  await raises('upload of nothing', 'BadRequestError 400', async () =>
    client.files.upload({ file: await text('a.txt', '') }));
}

async function lists() {
  for (const id of await ids(client.files.list())) await client.files.delete(id);
  const made = [];
  for (let n = 0; n < 5; n += 1) made.unshift((await client.files.upload({ file: await text(`${n}.txt`) })).id);
  equal('list follows its pages', await ids(client.files.list({ limit: 2 })), made);
  equal('beta namespace follows its pages', await ids(client.beta.files.list({ limit: 2 })), made);
  const scoped = { limit: 2, scope_id: 'sesn_x', betas: AGENTS };
  equal('scope follows empty pages', await ids(client.beta.files.list(scoped)), []);
  await raises('scope without its beta', 'BadRequestError 400', () => ids(client.beta.files.list({ scope_id: 'x' })));
  const some = await client.files.list({ ids: [made[4], 'file_unknown', made[1]] });
  equal('list by ids', [some.data.map((file) => file.id), some.next_page], [[made[1], made[4]], null]);
  const many = Array.from({ length: 101 }, (_, n) => `file_${n}`);
  await raises('list of 101 ids', 'BadRequestError 400', () => ids(client.files.list({ ids: many })));
  await raises('list by ids with a limit', 'BadRequestError 400', () =>
    ids(client.files.list({ ids: [made[0]], limit: 5 })));
}

async function errors() {
  const made = await client.files.upload({ file: await text('a.txt') });
  const error = await raises('download of an upload', 'FileNotDownloadableError 400', () =>
    client.files.download(made.id));
  equal('error code', error.errorCode, 'file_not_downloadable');
  equal('request id of an error', [error.requestID.slice(0, 4), error.error.request_id], ['req_', error.requestID]);
  equal('delete', await client.files.delete(made.id), { id: made.id, type: 'file_deleted' });
  await raises('delete of a deleted file', 'NotFoundError 404', () => client.files.delete(made.id));
  await raises('metadata of a deleted file', 'NotFoundError 404', () => client.files.retrieveMetadata(made.id));
  const wrong = new Anthropic({ apiKey: 'wrong' });
  await raises('a wrong key', 'AuthenticationError 401', () => ids(wrong.files.list()));
}

async function plant(name, body, query = {}) {
  const search = new URLSearchParams({ filename: name, ...query });
  const headers = { 'x-api-key': process.env.ANTHROPIC_API_KEY };
  const answer = await fetch(`${process.env.DOCFERRY_OUTPUTS_URL}?${search}`, { method: 'POST', body, headers });
  return (await answer.json()).id;
}

async function sessions() {
  const file = await client.files.upload({ file: await text('a.txt', 'abc') });
  const mount = { type: 'file', file_id: file.id, mount_path: '/data/a.txt' };
  const session = await client.beta.sessions.create({ agent: 'agent_1', environment_id: 'env_1', resources: [mount] });
  equal('session', [session.type, session.agent.id, session.resources[0].mount_path],
    ['session', 'agent_1', '/mnt/session/uploads/data/a.txt']);
  equal('session is kept', await client.beta.sessions.retrieve(session.id), session);
  equal('list of sessions', await ids(client.beta.sessions.list()), [session.id]);
  const resources = client.beta.sessions.resources;
  const added = await resources.add(session.id, { type: 'file', file_id: file.id });
  equal('default mount path', added.mount_path, `/mnt/session/uploads/${file.id}`);
  equal('list of resources in pages', await ids(resources.list(session.id, { limit: 1 })),
    [session.resources[0].id, added.id]);
  equal('resource', await resources.retrieve(added.id, { session_id: session.id }), added);
  await raises('mount of a path twice', 'BadRequestError 400', () => resources.add(session.id, mount));
  await raises('mount of an unknown file', 'NotFoundError 404', () =>
    resources.add(session.id, { type: 'file', file_id: 'file_missing' }));
  const output = await plant('out.txt', 'made', { scope_id: session.id });
  const scoped = { scope_id: session.id, betas: AGENTS };
  equal('files of a session', await ids(client.beta.files.list(scoped)),
    [output, added.file_id, session.resources[0].file_id]);
  equal('download of an output', await (await client.files.download(output)).text(), 'made');
  equal('delete of a resource', await resources.delete(added.id, { session_id: session.id }),
    { id: added.id, type: 'session_resource_deleted' });
  await raises('copy of a deleted resource', 'NotFoundError 404', () => client.files.retrieveMetadata(added.file_id));
  await client.beta.sessions.delete(session.id);
  equal('files of a deleted session', await ids(client.beta.files.list(scoped)), []);
}

await uploads();
await lists();
await errors();
await sessions();
process.exit(failed ? 1 : 0);
