import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Step } from './framings.ts'

export interface Said {
  readonly bytes: Buffer
  /** Whether the other side has closed the connection before the time was over. */
  readonly isClosed: boolean
}

/** Takes these steps on a connection of its own, and reads until the other side closes it. */
export const play = async (url: string, steps: readonly Step[], patienceMs: number): Promise<Said> => {
  const { hostname, port } = new URL(url)
  const socket = net.connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  const pieces: Buffer[] = []
  socket.on('data', piece => pieces.push(piece))
  // A connection that is reset is closed, too; what counts is what came before.
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.destroy())
  const closed = new Promise<true>(resolve => socket.once('close', () => resolve(true)))
  const patience = new AbortController()
  const isClosed = await Promise.race([
    take(socket, steps).then(() => closed),
    closed,
    delay(patienceMs, false, { signal: patience.signal, ref: false }).catch(() => false),
  ])
  patience.abort()
  // With a reset, the other side notices at once that nobody is there any more.
  if (!isClosed) socket.resetAndDestroy()
  return { bytes: Buffer.concat(pieces), isClosed }
}

const take = async (socket: net.Socket, steps: readonly Step[]): Promise<void> => {
  for (const step of steps) {
    if (socket.destroyed) return
    if (step === 'end') socket.end()
    else if (step === 'leave') socket.destroy()
    else if ('pauseMs' in step) await delay(step.pauseMs)
    else await written(socket, step.bytes)
  }
}

const written = (socket: net.Socket, bytes: Buffer): Promise<void> =>
  new Promise(resolve => {
    socket.once('close', resolve)
    socket.write(bytes, () => {
      socket.off('close', resolve)
      resolve()
    })
  })
