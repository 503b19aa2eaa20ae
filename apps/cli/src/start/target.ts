import { createServer } from 'node:net'

const PROBE_TIMEOUT_MS = 500

/** Whether an Ollama answers at the URL within half a second. */
export const answersAsOllama = async (baseUrl: string): Promise<boolean> => {
  try {
    const response = await fetch(`${baseUrl}/api/version`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    const answer: unknown = await response.json()
    return response.ok && typeof answer === 'object' && answer !== null && 'version' in answer
  } catch {
    return false
  }
}

/** A port of a local address on which nothing listens at present. */
export const freePort = async (host = '127.0.0.1'): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer().once('error', reject)
  server.listen(0, host, () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}
