import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { root } from '../harness/processes.ts'

const PUBLISHED = ['jobs', 'ollama-client', 'foreman-client']
const PNPM = ['--yes', 'pnpm@12.21.0']
const PACK_MS = 120_000

/** A directory outside the checkout in which the packages are installed as npm would install them. */
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-published-'))

const run = (file: string, ...args: string[]): string =>
  execFileSync(file, args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Packs a package, and unpacks it where Node looks for it. What it depends on is linked. */
const install = (name: string): void => {
  const source = path.join(root, 'packages', name)
  run('npx', ...PNPM, '--dir', source, 'pack', '--pack-destination', directory)
  const target = path.join(directory, 'node_modules/@foreman', name)
  fs.mkdirSync(target, { recursive: true })
  run('tar', '-xzf', `foreman-${name}-0.1.0.tgz`, '--strip-components=1', '-C', target)
  const { dependencies = {} } = JSON.parse(fs.readFileSync(path.join(target, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const dependency of Object.keys(dependencies).filter(each => !each.startsWith('@foreman/')))
    link(path.join(source, 'node_modules', dependency), dependency)
}

/** Makes a package of the checkout visible to the packed ones. */
const link = (source: string, name: string): void => {
  const target = path.join(directory, 'node_modules', name)
  fs.mkdirSync(path.dirname(target), { recursive: true })
  if (!fs.existsSync(target)) fs.symlinkSync(source, target)
}

beforeAll(() => {
  for (const name of PUBLISHED) install(name)
  link(path.join(root, 'node_modules/@types/node'), '@types/node')
  return () => fs.rmSync(directory, { recursive: true })
}, PACK_MS)

const USE = `
import { ForemanClient } from '@foreman/foreman-client'
import { isEndState, type Job } from '@foreman/jobs'
import { foldAnswer, generatingEndpoint, OllamaClient } from '@foreman/ollama-client'

const client: OllamaClient = new ForemanClient({ url: 'http://127.0.0.1:9' })
const read = (foreman: ForemanClient): Promise<Job> => foreman.job('job_1')
const fold = foldAnswer([['Content-Type', 'application/json']], generatingEndpoint('/api/chat')!)
fold.push(new TextEncoder().encode('{"done":true}'))
const failure: unknown = await client.version().catch((error: unknown) => error)
console.log(JSON.stringify([isEndState('failed'), typeof read, fold.result(), String(failure).slice(0, 15)]))
`

test.each([[[]], [['-C', '@foreman/source']]])(
  'packed and installed, the published packages are imported and work (node %j)',
  flags => {
    fs.writeFileSync(path.join(directory, 'use.ts'), USE)
    fs.writeFileSync(path.join(directory, 'package.json'), '{"type":"module"}')
    expect(JSON.parse(run(process.execPath, ...flags, 'use.ts'))).toEqual([
      true,
      'function',
      { done: true },
      'ConnectionError',
    ])
  },
)

test('packed and installed, their types are found', () => {
  fs.writeFileSync(path.join(directory, 'use.ts'), USE)
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
  const flags = '--noEmit --strict --module nodenext --target es2024 --types node use.ts'.split(' ')
  expect(run(process.execPath, compiler, ...flags)).toBe('')
})

test('a package that is published carries no sources, tests or fixtures', () => {
  for (const name of PUBLISHED) {
    const files = fs.readdirSync(path.join(directory, 'node_modules/@foreman', name), { recursive: true })
    expect(files.filter(file => /(\.test\.|testing|\/src|^src)/.test(String(file)))).toEqual([])
  }
})
