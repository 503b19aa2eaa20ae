import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type Address, LookUps, lookUpsAtOnce } from './look-ups.ts'

const ADDRESS: Address = { address: '93.184.216.34', family: 4 }

/** Look-ups that end when the test says so. */
const trial = (deadlineMs = 10_000) => {
  const asked: { name: string; found: PromiseWithResolvers<readonly Address[]>; signal: AbortSignal }[] = []
  const resolve = (name: string, signal: AbortSignal) => {
    const found = Promise.withResolvers<readonly Address[]>()
    asked.push({ name, found, signal })
    return found.promise
  }
  const lookUps = new LookUps({ resolve, deadlineMs, atOnce: 2 })
  const end = async (at: number) => {
    asked[at]!.found.resolve([ADDRESS])
    await delay(0)
  }
  return { lookUps, asked, end, names: () => asked.map(({ name }) => name) }
}

test('no more names than allowed are looked up at a time, in the order in which they were asked for', async () => {
  const { lookUps, names, end } = trial()
  const found = ['a', 'b', 'c', 'd'].map(name => lookUps.find(name))
  expect(names()).toEqual(['a', 'b'])
  await end(1)
  expect(names()).toEqual(['a', 'b', 'c'])
  await end(0)
  expect(names()).toEqual(['a', 'b', 'c', 'd'])
  await end(2)
  await end(3)
  expect(await Promise.all(found)).toEqual(Array.from({ length: 4 }, () => [ADDRESS]))
})

test('a name that is being looked up, or waits for that, is looked up once for all who ask', async () => {
  const { lookUps, names, end } = trial()
  const found = ['a', 'b', 'c', 'a', 'c'].map(name => lookUps.find(name))
  await end(0)
  await end(1)
  await end(2)
  expect(await Promise.all(found)).toHaveLength(5)
  expect(names()).toEqual(['a', 'b', 'c'])
  lookUps.find('a').catch(() => undefined)
  expect(names()).toEqual(['a', 'b', 'c', 'a'])
})

test('one deadline covers the wait and the look-up', async () => {
  const { lookUps, names } = trial(30)
  const ended = await Promise.allSettled(['a', 'b', 'c', 'a'].map(name => lookUps.find(name)))
  for (const each of ended) expect(each).toMatchObject({ reason: { code: 'ETIMEOUT' } })
  expect(names()).toEqual(['a', 'b'])
})

test('a look-up keeps its place until it ends, also when nobody waits for it any more', async () => {
  const { lookUps, names, end } = trial(30)
  await Promise.allSettled(['a', 'b'].map(name => lookUps.find(name)))
  await expect(lookUps.find('c')).rejects.toMatchObject({ code: 'ETIMEOUT' })
  expect(names()).toEqual(['a', 'b'])
  await end(0)
  // `c` is not looked up: whoever wanted it has gone.
  expect(names()).toEqual(['a', 'b'])
  const found = lookUps.find('d')
  expect(names()).toEqual(['a', 'b', 'd'])
  await end(2)
  expect(await found).toEqual([ADDRESS])
})

test('a look-up that nobody waits for any more is aborted, and made again for who asks after that', async () => {
  const { lookUps, asked, names, end } = trial(30)
  const [first] = await Promise.allSettled([lookUps.find('a')])
  expect(first).toMatchObject({ reason: { code: 'ETIMEOUT' } })
  expect(asked[0]!.signal.aborted).toBe(true)
  const found = lookUps.find('a')
  expect(names()).toEqual(['a'])
  asked[0]!.found.reject(Object.assign(new Error('aborted'), { code: 'ECANCELLED' }))
  await delay(0)
  expect(names()).toEqual(['a', 'a'])
  expect(asked[1]!.signal.aborted).toBe(false)
  await end(1)
  expect(await found).toEqual([ADDRESS])
})

test('a look-up that waits is forgotten when its signal aborts', async () => {
  const { lookUps, names, end } = trial()
  for (const name of ['a', 'b']) lookUps.find(name).catch(() => undefined)
  const abort = new AbortController()
  const found = lookUps.find('c', abort.signal)
  abort.abort()
  await expect(found).rejects.toMatchObject({ code: 'ETIMEOUT' })
  await end(0)
  expect(names()).toEqual(['a', 'b'])
})

test('a look-up that fails frees its place, and the name is looked up anew', async () => {
  const { lookUps, asked, names } = trial()
  const found = lookUps.find('a')
  asked[0]!.found.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
  await expect(found).rejects.toMatchObject({ code: 'ENOTFOUND' })
  for (const name of ['a', 'b']) lookUps.find(name).catch(() => undefined)
  expect(names()).toEqual(['a', 'a', 'b'])
})

test.each([
  [undefined, 1],
  ['4', 1],
  ['5', 2],
  ['6', 2],
  ['8', 2],
  ['1024', 2],
  ['1', 1],
  ['0', 1],
  ['many', 1],
])('with UV_THREADPOOL_SIZE=%s, %d names are looked up at a time', (threads, atOnce) => {
  expect(lookUpsAtOnce(threads)).toBe(atOnce)
})

/** A network of its own, in which a name server listens and never answers. */
const isolated = (directory: string, command: string) => [
  '--map-root-user',
  '--net',
  '--mount',
  'sh',
  '-c',
  `ip link set lo up && mount --bind '${directory}/resolv.conf' /etc/resolv.conf && ${command}`,
]

const silentDirectory = () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'foreman-look-ups-'))
  writeFileSync(path.join(directory, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
  return directory
}

const canIsolate = () => {
  const directory = silentDirectory()
  const { status } = spawnSync('unshare', isolated(directory, 'true'))
  rmSync(directory, { recursive: true })
  return status === 0
}

test.skipIf(!canIsolate()).each(['4', '6', '8'])(
  'with %s threads, names that no name server answers for keep no other look-up of the process waiting',
  threads => {
    const directory = silentDirectory()
    onTestFinished(() => rmSync(directory, { recursive: true }))
    writeFileSync(
      path.join(directory, 'main.ts'),
      `import dgram from 'node:dgram'
       import dns from 'node:dns/promises'
       import { destinationPolicy, parseAllowList } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
       const server = dgram.createSocket('udp4')
       await new Promise(resolve => server.bind(53, '127.0.0.1', resolve))
       const asked = new Promise(resolve => server.once('message', resolve))
       const policy = destinationPolicy({ allow: parseAllowList(''), lookUpDeadlineMs: 300 })
       const checks = Array.from({ length: 8 }, (_, n) => policy.check('http://h' + n + '.example/').catch(error => error.code))
       await asked
       const order = []
       const all = Promise.all(checks).then(codes => order.push(...codes))
       await dns.lookup('localhost')
       order.push('localhost')
       await all
       console.log(order.join(' '))
       process.exit()`,
    )
    const command = `UV_THREADPOOL_SIZE=${threads} exec '${process.execPath}' '${directory}/main.ts'`
    const { stdout } = spawnSync('unshare', isolated(directory, command), { encoding: 'utf8' })
    expect(stdout.trim()).toBe(['localhost', ...Array<string>(8).fill('look_up_failed')].join(' '))
  },
)
