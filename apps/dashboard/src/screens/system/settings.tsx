import type { SystemSetting } from '@foreman/jobs'
import { useRoute } from '../../router/navigation.ts'
import { FilterBar } from '../../ui/filter-bar.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Empty } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { kinds, settingsShown } from './settings-shown.ts'

const columns: readonly Column<SystemSetting>[] = [
  { head: 'Setting', cell: ({ name }) => <code>{name}</code> },
  { head: 'Value', cell: setting => <Value setting={setting} /> },
  { head: 'From', cell: ({ is_set: isSet }) => (isSet ? 'was set' : 'default') },
]

/** The settings that are in force in the gateway that answers. */
export const Settings = ({ settings }: { readonly settings: readonly SystemSetting[] }) => {
  const { filters } = useRoute()
  const rows = settingsShown(settings, { kind: filters['settings'], name: filters['setting'] })
  return (
    <Panel
      title="Settings"
      aside={
        <FilterBar
          filters={[
            { name: 'settings', label: 'Show', choices: kinds },
            { name: 'setting', label: 'Name' },
          ]}
        />
      }
    >
      {rows.length > 0 ? (
        <Table
          caption="Settings in force in this gateway"
          columns={columns}
          rows={rows}
          keyOf={({ name }) => name}
        />
      ) : (
        <Empty>No such setting.</Empty>
      )}
    </Panel>
  )
}

const Value = ({
  setting: { value, is_set: isSet, is_secret: isSecret, differs },
}: {
  readonly setting: SystemSetting
}) => (
  <>
    {isSecret ? (
      <span class="muted">{isSet ? 'a secret' : 'none'}</span>
    ) : value === undefined ? (
      <span class="muted">none</span>
    ) : (
      <code>{value}</code>
    )}
    {differs && (
      <span class="mark wrong differs">
        <Icon name="warning" />
        another process has another value
      </span>
    )}
  </>
)
