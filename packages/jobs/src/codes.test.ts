import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { jobErrorCodes, releaseCodes } from './codes.ts'

const lifecycle = fs.readFileSync(path.join(import.meta.dirname, '../../../docs/job-lifecycle.md'), 'utf8')

/** The codes in the first column of the tables, in the section that starts with this heading. */
const codesIn = (section: string): Set<string> =>
  new Set([...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code!))

test('docs/job-lifecycle.md explains every code with which a job is released or ends', () => {
  const [released, ended] = lifecycle
    .split(/^\| code \| when \|/m)
    .slice(1)
    .map(codesIn)
  expect([...released!].toSorted()).toEqual([...releaseCodes].toSorted())
  expect([...ended!].toSorted()).toEqual([...jobErrorCodes].toSorted())
})
