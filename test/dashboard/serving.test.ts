import { dist, isBuilt } from '@foreman/dashboard/built'
import { startSim } from '@foreman/ollama-sim'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startForeman, type Variables } from '../harness/foreman.ts'
import { root } from '../harness/processes.ts'
import { send } from '../harness/request.ts'

const build = () =>
  execFileSync(process.execPath, [path.join(root, 'apps/dashboard/scripts/build.ts')], { stdio: 'pipe' })

beforeAll(build)

const start = async (variables: Variables = {}) => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const { url } = await startForeman({ target: sim.url, worker: false, variables })
  const { host } = new URL(url)
  const ask = (method: string, pathname: string, headers: Record<string, string> = {}) =>
    send(url, { method, path: pathname, headers: { host, ...headers } })
  return { url, host, ask }
}

/** The paths of what the page loads, as its HTML names them. */
const assets = (): string[] =>
  [...fs.readFileSync(path.join(dist, 'index.html'), 'utf8').matchAll(/"\.\/(assets\/[^"]+)"/g)].map(
    ([, name]) => `/dashboard/${name}`,
  )

describe('the page', () => {
  test('is there for everybody, under a policy that lets no text become a script', async () => {
    const { ask } = await start({ FOREMAN_TOKEN: 'hush' })
    const page = await ask('GET', '/dashboard/')
    expect(page.status).toBe(200)
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    })
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    )
    expect(page.body.toString()).not.toMatch(/<script(?![^>]*\bsrc=)|\bon\w+=|<style|\sstyle=/)
    expect((await ask('GET', '/queue')).status).toBe(401)
  })

  test('needs one script and one sheet, which a browser keeps, packed once for all', async () => {
    const { ask } = await start()
    expect(
      assets()
        .map(each => path.extname(each))
        .toSorted(),
    ).toEqual(['.css', '.js'])
    for (const asset of assets()) {
      const plain = await ask('GET', asset)
      expect(plain.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'Accept-Encoding',
      })
      expect(plain.headers).not.toHaveProperty('content-encoding')
      const gzip = await ask('GET', asset, { 'accept-encoding': 'gzip' })
      const brotli = await ask('GET', asset, { 'accept-encoding': 'gzip, deflate, br, zstd' })
      expect([gzip, brotli].map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', 'br'])
      expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
      expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true)
      expect(brotli.headers['content-type']).toBe(plain.headers['content-type'])
    }
  })

  test('is at a path with a slash, wherever a proxy puts that', async () => {
    const { ask } = await start()
    const { status, headers } = await ask('GET', '/dashboard')
    expect([status, headers.location]).toEqual([308, 'dashboard/'])
  })

  test('has no body for HEAD, takes nothing else, and has no other files', async () => {
    const { ask } = await start()
    const head = await ask('HEAD', '/dashboard/')
    expect([head.status, head.body.byteLength]).toEqual([200, 0])
    expect((await ask('POST', '/dashboard/')).status).toBe(405)
    for (const other of ['/dashboard/.sources', '/dashboard/assets/none.js', '/dashboard/assets/%2e%2e.js']) {
      const missing = await ask('GET', other)
      expect([other, missing.status]).toEqual([other, 404])
      expect(missing.headers).toMatchObject({ 'content-type': 'application/problem+json' })
      expect(missing.headers).not.toHaveProperty('content-security-policy')
    }
  })

  test('is not for a host that a stranger has made to resolve to this machine', async () => {
    const { ask } = await start()
    expect((await ask('GET', '/dashboard/', { host: 'evil.example' })).status).toBe(403)
  })
})

describe('FOREMAN_DASHBOARD', () => {
  interface Document {
    readonly paths: Record<string, Record<string, unknown>>
  }

  /** Everything that changes something on a route of foreman's own. */
  const changes = async (ask: Awaited<ReturnType<typeof start>>['ask']) => {
    const { paths } = JSON.parse((await ask('GET', '/openapi.json')).body.toString()) as Document
    return Object.entries(paths)
      .filter(([each]) => /^\/(jobs|batches|queue|deliveries)\b/.test(each))
      .flatMap(([each, methods]) =>
        ['post', 'put', 'patch', 'delete']
          .filter(method => method in methods)
          .map(method => [method.toUpperCase(), each.replaceAll(/\{\w+\}/g, 'x')] as const),
      )
  }

  test('read-only: the server refuses whatever its own page tries to change, and lets everybody else', async () => {
    const { ask, host } = await start({ FOREMAN_DASHBOARD: 'read-only' })
    const all = await changes(ask)
    expect(all.length).toBeGreaterThan(12)
    for (const [method, each] of all) {
      for (const scheme of ['http', 'https']) {
        const { status, body } = await ask(method, each, { origin: `${scheme}://${host}` })
        expect([method, each, status]).toEqual([method, each, 403])
        expect(body.toString()).toContain('FOREMAN_DASHBOARD')
      }
      expect((await ask(method, each)).status).not.toBe(403)
    }
    const you = await ask('GET', '/queue/you', { origin: `http://${host}` })
    expect(JSON.parse(you.body.toString())).toMatchObject({ role: 'operator', dashboard: 'read-only' })
  })

  test('on: the page of an operator may pause', async () => {
    const { ask, host } = await start()
    expect((await ask('POST', '/queue/pause', { origin: `http://${host}` })).status).toBe(200)
  })

  test('off: there is no such route, and the target gets the request', async () => {
    const { ask } = await start({ FOREMAN_DASHBOARD: 'off' })
    const { status, body } = await ask('GET', '/dashboard/')
    expect([status, body.toString()]).toEqual([404, '404 page not found'])
    expect((await ask('GET', '/queue/you')).body.toString()).not.toContain('dashboard')
  })
})

test('a build finds out whether the page is built of the sources as they are', () => {
  expect(isBuilt()).toBe(true)
  const before = fs.statSync(dist).ino
  build()
  expect(fs.statSync(dist).ino).toBe(before)
})
