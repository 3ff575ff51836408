// Holds the server's answers against server/app/openapi.json.
import assert from 'node:assert/strict';
import Ajv2020 from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'server', 'app', 'openapi.json');
export const openapi = JSON.parse(readFileSync(file, 'utf8'));

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(openapi, 'openapi');

const escaped = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

// Every operation and status that the file promises, as "getRoom 200".
export function promised() {
  return Object.values(openapi.paths).flatMap((methods) =>
    Object.values(methods).filter((each) => each.operationId)
      .flatMap((each) => Object.keys(each.responses).map((status) => `${each.operationId} ${status}`)));
}

function operationOf(operationId) {
  for (const [path, methods] of Object.entries(openapi.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.operationId === operationId) return { path, method, operation };
    }
  }
  throw new Error(`openapi.json has no ${operationId}`);
}

// The status is one that the operation may have, and the body is what stands there.
export function assertPromised(operationId, answer) {
  const { path, method, operation } = operationOf(operationId);
  const response = operation.responses[answer.status];
  assert.ok(response, `${operationId} may not answer ${answer.status}: ${answer.text}`);
  let pointer = `openapi#/paths/${escaped(path)}/${method}/responses/${answer.status}`;
  const shared = response.$ref;
  if (shared) pointer = `openapi${shared}`;
  const described = shared ? openapi.components.responses[shared.split('/').at(-1)] : response;
  if (!described.content) {
    assert.equal(answer.text, '', `${operationId} ${answer.status} has no body`);
    return;
  }
  assert.equal(answer.headers['content-type'], 'application/json', `${operationId} ${answer.status}`);
  const validate = ajv.compile({ $ref: `${pointer}/content/${escaped('application/json')}/schema`.replaceAll(/[{}]/g, encodeURIComponent) });
  assert.ok(validate(answer.json), `${operationId} ${answer.status}: ${ajv.errorsText(validate.errors)} in ${answer.text}`);
}
