import { send } from './request.ts'

/** The series of a text in the format of Prometheus, by name and labels in alphabetical order: `a{b="c",d="e"}`. */
export const seriesIn = (text: string): Map<string, number> => {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => {
      const [, name, labels = '', value] = /^([a-z_:A-Z0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line)!
      const sorted = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([label]) => label).toSorted()
      return [sorted.length > 0 ? `${name}{${sorted.join(',')}}` : name!, Number(value)]
    }),
  )
}

/** The names of the metrics in a text, those of histograms without an ending. */
export const namesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!))

export const metricsAt = async (url: string, headers: Record<string, string> = {}): Promise<string> => {
  const { status, body } = await send(url, { method: 'GET', path: '/metrics', headers })
  if (status !== 200) throw new Error(`/metrics is answered with ${status}`)
  return body.toString()
}
