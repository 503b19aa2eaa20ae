import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { problemCodes } from './refusal.ts'

const jobs = fs.readFileSync(path.join(import.meta.dirname, '../../../../docs/jobs.md'), 'utf8')

test('docs/jobs.md explains every code with which foreman refuses a request on its own routes', () => {
  const rows = [...jobs.matchAll(/^\| \d{3}[\d, ]* \| (.*?) \|/gm)].map(([, codes]) => codes!)
  const written = new Set(rows.flatMap(codes => [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => code!)))
  expect([...written].toSorted()).toEqual([...problemCodes].toSorted())
})
