import { openStore } from '@foreman/store'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const tempDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-healthcheck-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

const healthcheck = (file: string) => {
  const script = path.join(import.meta.dirname, '../main.ts')
  const { status, stderr } = spawnSync(
    process.execPath,
    ['-C', '@foreman/source', script, 'healthcheck', 'worker'],
    {
      cwd: tempDirectory(),
      env: { FOREMAN_DB_PATH: file },
      encoding: 'utf8',
    },
  )
  return { status, stderr }
}

test('exits with 0 when a worker has a recent heartbeat, else with 1', async () => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const store = await openStore(file, { role: 'gateway' })
  onTestFinished(() => store.close())
  expect(healthcheck(file)).toEqual({ status: 1, stderr: `${file}: no worker has updated its heartbeat\n` })
  const worker = { id: 'w', pid: 1, active: true, startedAt: 1 }
  await store.workers.heartbeat(worker, Date.now() - 60_000)
  expect(healthcheck(file).status).toBe(1)
  await store.workers.heartbeat(worker, Date.now())
  expect(healthcheck(file)).toEqual({ status: 0, stderr: '' })
})

test('exits with 1 when there is no store, and does not create one', () => {
  const directory = tempDirectory()
  const { status, stderr } = healthcheck(path.join(directory, 'foreman.db'))
  expect(status).toBe(1)
  expect(stderr).toMatch(/^\S+foreman\.db: unable to open database file\n$/)
  expect(fs.readdirSync(directory)).toEqual([])
})

test('exits with 1 when the worker writes into another file than the one that the path leads to', async () => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const store = await openStore(file, { role: 'gateway' })
  onTestFinished(() => store.close())
  const directory = path.dirname(file)
  for (const name of fs.readdirSync(directory))
    fs.renameSync(path.join(directory, name), path.join(directory, `${name}.away`))
  await (await openStore(file, { role: 'gateway' })).close()
  await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, Date.now())
  expect(healthcheck(file)).toEqual({ status: 1, stderr: `${file}: no worker has updated its heartbeat\n` })
})

test('exits with 1 and one line when the file is damaged', async () => {
  const file = path.join(tempDirectory(), 'foreman.db')
  await (await openStore(file, { role: 'gateway' })).close()
  const bytes = fs.readFileSync(file)
  // The first page has the schema; the tables are in the others.
  fs.writeFileSync(file, bytes.fill(0x5a, 4_096))
  const { status, stderr } = healthcheck(file)
  expect(status).toBe(1)
  expect(stderr).toMatch(/^\S+foreman\.db: .*malformed\n$/)
})
