import { ensureConsistent, gatewaySettings } from '@foreman/gateway/settings'
import { ensureKnown, readSettings } from '@foreman/process'
import { workerSettings } from '@foreman/worker/settings'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { files, read } from '../harness/documents.ts'
import { root } from '../harness/processes.ts'

const units = files('deploy/systemd/*.{service,timer}')
const canVerify = spawnSync('systemd-analyze', ['--version']).status === 0

/** The values of a directive, in the order of their lines. */
const valuesIn = (unit: string, directive: string): string[] =>
  [...read(`deploy/systemd/${unit}`).matchAll(new RegExp(`^${directive}=(.*)$`, 'gm'))].map(
    ([, value]) => value!,
  )

const command = { command: 'test', summary: '', argv: [] }
const shippedSettings = () => ({ ...parseEnv(read('deploy/systemd/foreman.env')) })

const services = ['foreman-gateway.service', 'foreman-worker.service', 'foreman-backup.service']

test.skipIf(!canVerify)('systemd finds nothing wrong with the units', () => {
  const found = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', ...units.map(unit => path.join(root, unit))],
    { encoding: 'utf8' },
  )
  expect(found).toMatchObject({ status: 0, stdout: '', stderr: '' })
})

describe('the services', () => {
  test('are one user, and share its directory', () => {
    for (const service of services) {
      expect(valuesIn(service, 'DynamicUser')).toEqual(['yes'])
      expect(valuesIn(service, 'User')).toEqual(['foreman'])
      expect(valuesIn(service, 'StateDirectory')[0]).toMatch(/^foreman\b/)
      expect(valuesIn(service, 'Environment')[0]).toContain('FOREMAN_DB_PATH=/var/lib/foreman/')
    }
  })

  test('are all confined alike', () => {
    const confinement = (service: string) =>
      read(`deploy/systemd/${service}`)
        .split('\n')
        .filter(line => /^(Protect|Private|Restrict\w+|No|Lock|Capability|SystemCall|UMask)/.test(line))
        .filter(line => !line.startsWith('RestartPreventExitStatus'))
    const [gateway, ...others] = services.map(confinement)
    expect(gateway!.length).toBeGreaterThan(15)
    for (const other of others) expect(other).toEqual(gateway)
  })

  test('stop the gateway first, and wait for longer than their grace period', () => {
    expect(valuesIn('foreman-gateway.service', 'After')[0]).toContain('foreman-worker.service')
    const { shutdownGrace } = readSettings(gatewaySettings, { ...command, env: shippedSettings() })
    for (const service of services.slice(0, 2))
      expect(Number(valuesIn(service, 'TimeoutStopSec')[0]) * 1_000).toBeGreaterThan(shutdownGrace)
  })
})

test('the settings beside them are ones with which both processes start', () => {
  const env = shippedSettings()
  ensureKnown(env, {})
  ensureConsistent(readSettings(gatewaySettings, { ...command, env }))
  readSettings(workerSettings, { ...command, env })
})
