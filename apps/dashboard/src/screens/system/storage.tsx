import { type QueueSystem, sizeInWords } from '@foreman/jobs'
import type { ComponentChildren } from 'preact'
import { Bar } from '../../ui/bar.tsx'
import { Panel } from '../../ui/panel.tsx'
import { RelativeTime } from '../../ui/time.tsx'

/** How large the queue is, how much room is left, and when it was backed up. */
export const Storage = ({ storage }: Pick<QueueSystem, 'storage'>) => {
  const { file_bytes: file, used_bytes: used, wal_bytes: log, disk_free_bytes: free, schema } = storage
  const whole = Math.max(file, log)
  return (
    <Panel title="File and disk" aside={`layout ${schema}`}>
      <dl class="sizes">
        <Size name="File" words={`${sizeInWords(file)}, of which ${sizeInWords(used)} are used`}>
          <Bar
            parts={[
              { name: 'used', value: used, look: 'normal' },
              { name: 'free', value: file - used, look: 'low' },
            ]}
            whole={whole}
            label={`${sizeInWords(used)} of ${sizeInWords(file)} are used`}
          />
        </Size>
        <Size name="Write-ahead log" words={sizeInWords(log)}>
          <Bar parts={[{ name: 'log', value: log, look: 'high' }]} whole={whole} label={sizeInWords(log)} />
        </Size>
        <Size name="Disk" words={`${sizeInWords(free)} are free`} />
        <Size
          name="Last backup"
          words={
            storage.last_backup_at === undefined ? (
              <>
                none is known: <code>foreman backup</code> makes one while foreman runs
              </>
            ) : (
              <RelativeTime at={storage.last_backup_at} />
            )
          }
        />
      </dl>
    </Panel>
  )
}

interface SizeProps {
  readonly name: string
  readonly words: ComponentChildren
  readonly children?: ComponentChildren
}

const Size = ({ name, words, children }: SizeProps) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {words}
      {children}
    </dd>
  </div>
)
