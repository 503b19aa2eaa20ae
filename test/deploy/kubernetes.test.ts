import { FOREMAN_VARIABLES } from '@foreman/process'
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { StatefulSet } from 'kubernetes-models/apps/v1'
import { Service } from 'kubernetes-models/v1'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { files, read } from '../harness/documents.ts'

interface Resource {
  readonly kind: string
}

/** Kustomize has no schema that is published. */
const WITHOUT_SCHEMA = new Set(['Kustomization', 'Component'])
const MODELS = { StatefulSet, Service, ServiceMonitor }

const load = <T>(file: string): T => parse(read(`deploy/kubernetes/${file}`)) as T

const resources = files('deploy/kubernetes/*/*.yaml')
  .map(file => ({ file, resource: parse(read(file)) as Resource }))
  .filter(({ resource: { kind } }) => !WITHOUT_SCHEMA.has(kind))

test.each(resources)('$file is what the schema of its kind allows', ({ resource: { kind, ...fields } }) => {
  const Model = MODELS[kind as keyof typeof MODELS]
  new Model(fields as never).validate()
})

interface Base {
  readonly configMapGenerator: readonly { readonly literals: readonly string[] }[]
}

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly securityContext: object
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Pods {
  readonly spec: {
    readonly replicas: number
    readonly template: {
      readonly spec: {
        readonly initContainers: readonly Container[]
        readonly containers: readonly Container[]
      }
    }
  }
}

const settings = () =>
  new Map(
    load<Base>('base/kustomization.yaml').configMapGenerator[0]!.literals.map(
      literal => /^(\w+)=(.*)$/.exec(literal)!.slice(1) as [string, string],
    ),
  )

test('its settings are settings of foreman, and name what the pod has', () => {
  for (const name of settings().keys()) expect(FOREMAN_VARIABLES).toContain(name)
  const { spec } = load<Pods>('base/statefulset.yaml')
  const [gateway] = spec.template.spec.containers
  const port = gateway!.ports![0]!
  expect(settings().get('FOREMAN_ADDR')).toBe(`:${port.containerPort}`)
  expect(settings().get('FOREMAN_DB_PATH')).toMatch(
    new RegExp(`^${gateway!.volumeMounts.find(({ name }) => name === 'data')!.mountPath}/`),
  )
})

test('one pod has both processes, on one disk, and neither may more than the other', () => {
  const { spec } = load<Pods>('base/statefulset.yaml')
  expect(spec.replicas).toBe(1)
  const containers = [...spec.template.spec.initContainers, ...spec.template.spec.containers]
  expect(containers.map(({ name, args }) => [name, ...args])).toEqual([
    ['worker', 'worker'],
    ['gateway', 'gateway'],
  ])
  const [worker, gateway] = containers
  expect(worker!.volumeMounts).toEqual(gateway!.volumeMounts)
  expect(worker!.securityContext).toEqual(gateway!.securityContext)
})
