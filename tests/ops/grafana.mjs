// Holds the dashboards against Grafana's own types and units.
//
//   node grafana.mjs TOOLS     TOOLS: the folder of tools.sh
//
// The dashboards are written out as literals of `Dashboard` of `@grafana/schema`, with the options of each
// kind of panel, and given to the TypeScript compiler; their units are looked up in `@grafana/data`. Faults
// planted on the way have to be found, or neither proves anything.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tools = join(process.argv[2], 'grafana');
const work = join(tools, 'check');
const folder = join(dirname(fileURLToPath(import.meta.url)), '../../helm/tidvakt/dashboards');

// JSON has no enums: a member of one is written as its value.
const TYPES = `
import type { Dashboard, DataSourceRef, FieldConfig, FieldConfigSource, MatcherConfig, Panel, RowPanel } from '@grafana/schema';
import type { Options as BarGauge } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TimeSeries, FieldConfig as TimeSeriesField } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
interface Target {
  refId: string; datasource: DataSourceRef; editorMode: 'code'; expr: string; legendFormat: string;
  range: boolean; instant: boolean; format: 'time_series' | 'table' | 'heatmap';
}
type Of<Kind extends string, Options, Custom> = Omit<Panel, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
  type: Kind; options: Options; targets: Target[];
  fieldConfig: { defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom }; overrides: FieldConfigSource['overrides'] };
};
type Known = Of<'timeseries', TimeSeries, TimeSeriesField> | Of<'stat', Stat, never> | Of<'bargauge', BarGauge, never>
  | Of<'table', Table, never> | RowPanel;
type Ours = Plain<Omit<Dashboard, 'panels'> & { panels: Known[] }>;
`;

const PLANTED = [
  ['a schema version as text', (board) => { board.schemaVersion = '41'; }],
  ['a width as text', (board) => { board.panels[1].gridPos.w = '12'; }],
  ['an option that is not there', (board) => { board.panels[1].options.colour = 'red'; }],
  ['a sort order that is not there', (board) => { board.templating.list[1].sort = 99; }],
  ['a threshold mode that is not there', (board) => { board.panels[1].fieldConfig.defaults.thresholds.mode = 'relative'; }],
  ['a kind of panel that is not there', (board) => { board.panels[1].type = 'graph'; }],
];

function compile(boards) {
  const literals = boards.map(([name, board]) => `// ${name}\nexport const b${name.replace(/\W/g, '_')}: Ours = ${JSON.stringify(board, null, 1)};\n`);
  writeFileSync(join(work, 'check.ts'), TYPES + literals.join('\n'));
  return spawnSync(join(tools, 'node_modules/.bin/tsc'), ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022',
    '--module', 'preserve', '--moduleResolution', 'bundler', 'check.ts'], { cwd: work, encoding: 'utf8' });
}

function unitIds() {
  // The units are plain functions; only their locale is asked of a browser.
  writeFileSync(join(work, 'browser.mjs'), 'globalThis.navigator = { language: "sv", languages: ["sv"] };\n');
  writeFileSync(join(work, 'units.mjs'), `import './browser.mjs';
import { getCategories } from '../node_modules/@grafana/data/dist/esm/valueFormats/categories.mjs';
console.log(JSON.stringify(getCategories().flatMap((category) => category.formats.map((format) => format.id))));\n`);
  execFileSync(join(tools, 'node_modules/.bin/esbuild'), ['units.mjs', '--bundle', '--platform=node', '--outfile=units.cjs', '--log-level=error'], { cwd: work });
  return new Set(JSON.parse(execFileSync(process.execPath, ['units.cjs'], { cwd: work, encoding: 'utf8' })));
}

function units(board) {
  return board.panels.filter((panel) => panel.type !== 'row').flatMap((panel) => [
    [panel.title, panel.fieldConfig.defaults.unit],
    ...panel.fieldConfig.overrides.flatMap((o) => o.properties.filter((p) => p.id === 'unit').map((p) => [panel.title, p.value])),
  ]);
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const boards = readdirSync(folder).sort().map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8'))]);
const problems = [];

const done = compile(boards);
if (done.status !== 0) problems.push(done.stdout + done.stderr);
const planted = PLANTED.map(([name, plant]) => {
  const board = structuredClone(boards[0][1]);
  plant(board);
  return [name, board];
});
const found = compile(planted).stdout;
const places = readFileSync(join(work, 'check.ts'), 'utf8').split('\n');
const begins = planted.map(([name]) => places.indexOf(`// ${name}`) + 1);
planted.forEach(([name], at) => {
  const inside = [...found.matchAll(/^check\.ts\((\d+),/gm)].some(([, line]) => begins[at] <= +line && +line < (begins[at + 1] ?? Infinity));
  if (!inside) problems.push(`the compiler does not find ${name}`);
});

const known = unitIds();
for (const [name, board] of boards) {
  for (const [title, unit] of units(board)) {
    if (!known.has(unit)) problems.push(`${name}: panel \`${title}\`: there is no unit \`${unit}\``);
  }
}
if (known.has('seconds-ish') || known.size < 200) problems.push(`${known.size} units are known, expected some 270`);

for (const problem of problems) console.log(`FAIL ${problem}`);
const used = new Set(boards.flatMap(([, board]) => units(board).map(([, unit]) => unit)));
console.log(`${boards.length} dashboards are of Grafana's types, ${planted.length} planted faults, ${used.size} units of ${known.size}: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
