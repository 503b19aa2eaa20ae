import dns from 'node:dns/promises'
import fs from 'node:fs/promises'
import { isIP } from 'node:net'
import { type Address, LookUps, lookUpsAtOnce, type Resolve } from './look-ups.ts'

export interface SystemResolverOptions {
  /** Addresses of name servers, with their ports. Default: those of the system. */
  readonly servers?: readonly string[]
  readonly hostsFile?: string
  /** How a name is looked up that name servers do not know. Default: the system's own look-up. */
  readonly lookUp?: (hostname: string) => Promise<readonly Address[]>
}

/** A name server is asked twice, the second time after this time. */
const SERVER_TIMEOUT_MS = 1_500
const TRIES = 2
/** How much longer foreman waits for the addresses of one family when it has those of the other. */
const OTHER_FAMILY_MS = 500
/** How long foreman waits for name servers that have never answered this process. */
const FIRST_ANSWER_MS = 1_500
/** How long the system's own look-up of a name may take, the wait for others included. */
const SYSTEM_DEADLINE_MS = 5_000

/**
 * Looks names up in /etc/hosts, then asks the name servers for them. Neither uses one of Node's few threads, and a
 * question to a name server can be cancelled, so that a name for which no name server answers keeps no other name
 * waiting. Only a name that the name servers answered not to know is looked up by the system: that knows search domains
 * and other sources of names, but takes a thread for as long as it likes. While no name server has answered at all, the
 * system looks up every name, because it may reach others.
 */
export const systemResolver = ({
  servers,
  hostsFile = '/etc/hosts',
  lookUp = lookUpWithThread,
}: SystemResolverOptions = {}): Resolve => {
  const readHosts = hostsReader(hostsFile)
  const atOnce = lookUpsAtOnce(process.env['UV_THREADPOOL_SIZE'])
  const system = new LookUps({ resolve: lookUp, deadlineMs: SYSTEM_DEADLINE_MS, atOnce })
  let haveAnswered = false
  return async (hostname, signal) => {
    const known = (await readHosts()).get(hostname.toLowerCase())
    if (known) return known
    const patienceMs = haveAnswered ? undefined : FIRST_ANSWER_MS
    try {
      const found = await askNameServers(hostname, { servers, signal, patienceMs })
      haveAnswered = true
      if (found) return found
    } catch (error) {
      if (haveAnswered || signal.aborted) throw error
    }
    return system.find(hostname, signal)
  }
}

const lookUpWithThread = async (hostname: string): Promise<Address[]> => {
  const found = await dns.lookup(hostname, { all: true, verbatim: true })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/** Reads a hosts file, anew after each change. A file that cannot be read has no names. */
const hostsReader = (file: string): (() => Promise<ReadonlyMap<string, readonly Address[]>>) => {
  let last: { readonly mtimeMs: number; readonly names: ReadonlyMap<string, readonly Address[]> } | undefined
  return async () => {
    try {
      const { mtimeMs } = await fs.stat(file)
      if (last?.mtimeMs !== mtimeMs) last = { mtimeMs, names: hostsIn(await fs.readFile(file, 'utf8')) }
      return last.names
    } catch {
      return new Map()
    }
  }
}

const hostsIn = (text: string): Map<string, Address[]> => {
  const names = new Map<string, Address[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    const family = isIP(address)
    if (family === 0 || address.includes('%')) continue
    for (const alias of aliases) {
      const found = names.get(alias.toLowerCase()) ?? []
      names.set(alias.toLowerCase(), [...found, { address, family: family === 6 ? 6 : 4 }])
    }
  }
  return names
}

interface Question {
  readonly servers: readonly string[] | undefined
  readonly signal: AbortSignal
  /** Undefined: the name servers get as long as they may need. */
  readonly patienceMs: number | undefined
}

/**
 * @returns undefined when the name servers say that they do not know the name
 * @throws an error with the code ETIMEOUT or ECANCELLED when they do not answer in time
 */
const askNameServers = async (
  hostname: string,
  { servers, signal, patienceMs }: Question,
): Promise<Address[] | undefined> => {
  signal.throwIfAborted()
  // Each look-up has its own resolver, so that it can be cancelled alone.
  const resolver = new dns.Resolver({ timeout: SERVER_TIMEOUT_MS, tries: TRIES })
  if (servers) resolver.setServers(servers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  const families = [
    resolver.resolve4(hostname).then(found => found.map((address): Address => ({ address, family: 4 }))),
    resolver.resolve6(hostname).then(found => found.map((address): Address => ({ address, family: 6 }))),
  ]
  const timers = patienceMs === undefined ? [] : [setTimeout(cancel, patienceMs)]
  const hurry = () => timers.push(setTimeout(cancel, OTHER_FAMILY_MS).unref())
  Promise.any(families).then(hurry, () => undefined)
  try {
    const answers = await Promise.allSettled(families)
    const found = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
    if (found.length > 0) return found
    const errors = answers.flatMap(answer => (answer.status === 'rejected' ? [answer.reason as Error] : []))
    const silence = errors.find(isSilence)
    if (silence) throw silence
    return undefined
  } finally {
    for (const timer of timers) clearTimeout(timer)
    signal.removeEventListener('abort', cancel)
  }
}

const isSilence = (error: Error): boolean => {
  const { code } = error as NodeJS.ErrnoException
  return code === dns.TIMEOUT || code === dns.CANCELLED
}
