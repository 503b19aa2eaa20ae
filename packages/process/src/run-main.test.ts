import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { HelpShown, listenRefusal, runMain, SettingError, STARTED } from './index.ts'

const stdout = vi.spyOn(console, 'log').mockReturnValue()
const stderr = vi.spyOn(console, 'error').mockReturnValue()
const toParent = vi.fn<(message: unknown) => boolean>()
const send = Object.getOwnPropertyDescriptor(process, 'send')
let exitCode: typeof process.exitCode

beforeEach(() => {
  Object.defineProperty(process, 'send', { value: toParent, configurable: true })
  exitCode = process.exitCode
  process.exitCode = undefined
})

afterEach(() => {
  if (send) Object.defineProperty(process, 'send', send)
  else Reflect.deleteProperty(process, 'send')
  process.exitCode = exitCode
  vi.clearAllMocks()
})

afterAll(() => {
  vi.restoreAllMocks()
})

const failing = (error: Error) => () => {
  throw error
}

describe('a main', () => {
  test('that returns leaves the exit code as it is', async () => {
    await runMain(async () => {
      process.exitCode = 3
    })
    expect(process.exitCode).toBe(3)
    expect(stderr).not.toHaveBeenCalled()
  })

  test('tells its parent that it has started, and not before', async () => {
    await runMain(async () => {
      await setImmediate()
      expect(toParent).not.toHaveBeenCalled()
    })
    expect(toParent.mock.calls.map(([message]) => message)).toEqual([STARTED])
  })

  test('that fails does not tell its parent that it has started', async () => {
    await runMain(failing(new SettingError('no')))
    expect(toParent).not.toHaveBeenCalled()
  })

  test('that is asked for help prints it to stdout and exits with 0', async () => {
    await runMain(failing(new HelpShown('the help')))
    expect(process.exitCode).toBeUndefined()
    expect(stdout).toHaveBeenCalledExactlyOnceWith('the help')
    expect(stderr).not.toHaveBeenCalled()
  })

  test('that meets a bad setting prints one line to stderr and exits with 2', async () => {
    await runMain(failing(new SettingError('--addr is no address')))
    expect(process.exitCode).toBe(2)
    expect(stderr).toHaveBeenCalledExactlyOnceWith('--addr is no address')
    expect(stdout).not.toHaveBeenCalled()
  })

  test('that fails later, in a promise, ends in the same way', async () => {
    await runMain(() => Promise.reject(new SettingError('too late')))
    expect(process.exitCode).toBe(2)
  })

  test('prints what its refusal makes of an error, and exits with 2', async () => {
    const refusal = (error: unknown) =>
      error instanceof RangeError ? `refused: ${error.message}` : undefined
    await runMain(failing(new RangeError('7')), refusal)
    expect(process.exitCode).toBe(2)
    expect(stderr).toHaveBeenCalledExactlyOnceWith('refused: 7')
  })

  test('passes every other error on', async () => {
    const error = new TypeError('a bug')
    await expect(runMain(failing(error), () => undefined)).rejects.toBe(error)
    expect(process.exitCode).toBeUndefined()
    expect(stderr).not.toHaveBeenCalled()
  })
})

describe('the refusal of an address', () => {
  const failureToListen = async (port: number): Promise<Error> => {
    const server = createServer()
    onTestFinished(() => void server.close())
    return new Promise(resolve => server.once('error', resolve).listen(port, '127.0.0.1'))
  }

  test('names its variable when the port is taken', async () => {
    const first = createServer()
    await new Promise<void>(resolve => first.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void first.close())
    const error = await failureToListen((first.address() as AddressInfo).port)
    expect(listenRefusal('X_ADDR')(error)).toMatch(/^X_ADDR cannot be used: .*EADDRINUSE/)
  })

  test.each([new Error('listen'), Object.assign(new Error('no'), { syscall: 'open' }), undefined])(
    'does not claim the error %s',
    error => {
      expect(listenRefusal('X_ADDR')(error)).toBeUndefined()
    },
  )
})
