import dgram from 'node:dgram'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Address } from './look-ups.ts'
import { systemResolver } from './system-resolver.ts'

const A = 1
const AAAA = 28
const NOT_THERE = 3
const SERVER_FAILED = 2

/** What a name server says about a name: addresses, a code of failure, or nothing. */
type Says = readonly number[][] | number | undefined

/** A name server that answers with what `says` returns for the name and the type of address. */
const startNameServer = async (says: (name: string, type: number) => Says): Promise<string> => {
  const server = dgram.createSocket('udp4')
  server.on('message', (question, from) => {
    const { name, type, end } = read(question)
    const answer = says(name, type)
    if (answer === undefined) return
    const records = typeof answer === 'number' ? [] : answer
    const head = Buffer.alloc(12)
    question.copy(head, 0, 0, 2)
    head.writeUInt16BE(0x8180 | (typeof answer === 'number' ? answer : 0), 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(records.length, 6)
    const body = records.map(bytes =>
      Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes]),
    )
    server.send(Buffer.concat([head, question.subarray(12, end), ...body]), from.port, from.address)
  })
  await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${server.address().port}`
}

const read = (question: Buffer): { name: string; type: number; end: number } => {
  const labels: string[] = []
  let at = 12
  for (let length = question[at]!; length > 0; length = question[at]!) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: question.readUInt16BE(at + 1), end: at + 5 }
}

const V4 = [93, 184, 216, 34]
const V6 = [0x26, 0x06, ...Array<number>(13).fill(0), 1]

const setUp = async (says: (name: string, type: number) => Says, hosts = '') => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'webhooks-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true }))
  const hostsFile = path.join(directory, 'hosts')
  fs.writeFileSync(hostsFile, hosts)
  const lookUp = vi.fn<() => Promise<readonly Address[]>>(() =>
    Promise.resolve([{ address: '10.0.0.1', family: 4 }]),
  )
  const resolve = systemResolver({ servers: [await startNameServer(says)], hostsFile, lookUp })
  const find = (name: string, signal = new AbortController().signal) =>
    resolve(name, signal).then(found => found.map(({ address }) => address))
  return { find, lookUp, hostsFile }
}

test('the name servers are asked for the addresses of both families', async () => {
  const { find, lookUp } = await setUp((_name, type) => (type === A ? [V4, [1, 2, 3, 4]] : [V6]))
  expect(await find('a.example')).toEqual(['93.184.216.34', '1.2.3.4', '2606::1'])
  expect(lookUp).not.toHaveBeenCalled()
})

test('a name that has addresses of one family is found, also if the other question gets no answer', async () => {
  const { find } = await setUp((name, type) =>
    type === AAAA ? [V6] : name === 'no-a.example' ? [] : undefined,
  )
  expect(await find('no-a.example')).toEqual(['2606::1'])
  expect(await find('half.example')).toEqual(['2606::1'])
})

test('a name in the hosts file needs no name server, and a change of the file is seen', async () => {
  const { find, lookUp, hostsFile } = await setUp(
    () => undefined,
    '127.0.0.1 localhost\n10.0.0.7\tHooks.internal hooks # here\nfe80::1%lo0 hooks\n::1 hooks\nodd hooks\n',
  )
  expect(await find('hooks.internal')).toEqual(['10.0.0.7'])
  expect(await find('HOOKS')).toEqual(['10.0.0.7', '::1'])
  fs.writeFileSync(hostsFile, '10.0.0.8 hooks')
  fs.utimesSync(hostsFile, 1, 1)
  expect(await find('hooks')).toEqual(['10.0.0.8'])
  expect(lookUp).not.toHaveBeenCalled()
})

test.each([
  ['that it is not there', NOT_THERE],
  ['that it has no addresses', []],
  ['that they cannot say', SERVER_FAILED],
])('a name of which the name servers say %s is looked up by the system', async (_what, answer) => {
  const { find, lookUp } = await setUp(() => answer)
  expect(await find('hooks')).toEqual(['10.0.0.1'])
  expect(lookUp).toHaveBeenCalledTimes(1)
})

test('while no name server has answered, the system looks names up', async () => {
  const { find, lookUp } = await setUp(() => undefined)
  expect(await find('a.example')).toEqual(['10.0.0.1'])
  expect(lookUp).toHaveBeenCalledTimes(1)
})

test('names that no name server answers for keep no other name waiting, and end when nobody wants them', async () => {
  const asked = new Set<string>()
  const { find, lookUp } = await setUp(name => {
    asked.add(name)
    return name === 'well.example' ? [V4] : undefined
  })
  await find('well.example')
  const abort = new AbortController()
  const dead = Array.from({ length: 50 }, (_, n) => find(`dead-${n}.example`, abort.signal))
  const ended = Promise.allSettled(dead)
  expect((await find('well.example')).length).toBeGreaterThan(0)
  // A name that is still being looked for in the hosts file ends with another error.
  await expect.poll(() => asked.size).toBe(51)
  abort.abort()
  for (const each of await ended) expect(each).toMatchObject({ reason: { code: 'ECANCELLED' } })
  await expect(find('late.example', abort.signal)).rejects.toThrow('aborted')
  expect(lookUp).not.toHaveBeenCalled()
})
