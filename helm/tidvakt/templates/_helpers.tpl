{{- define "tidvakt.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* At most 52 characters: a StatefulSet's revision label appends eleven. */}}
{{- define "tidvakt.fullname" -}}
{{- $name := include "tidvakt.name" . }}
{{- $default := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $default .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "tidvakt.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tidvakt.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tidvakt.labels" -}}
{{ include "tidvakt.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "tidvakt.serviceAccountName" -}}
{{- $made := ternary (include "tidvakt.fullname" .) "default" .Values.serviceAccount.create }}
{{- default $made .Values.serviceAccount.name }}
{{- end }}

{{- define "tidvakt.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{- /* The settings with what the chart knows of brokers, secrets and HTTP, as YAML. */}}
{{- define "tidvakt.settings" -}}
{{- $kafka := .Values.kafka }}
{{- $given := deepCopy .Values.settings }}
{{- $servers := required "kafka.bootstrapServers is required: the brokers to begin with, as host:port, separated by commas" $kafka.bootstrapServers }}
{{- $client := dict "bootstrap.servers" $servers }}
{{- $files := dict }}
{{- $protocol := ternary "ssl" "plaintext" $kafka.tls.enabled }}
{{- with $kafka.sasl }}
{{- if .enabled }}
{{- $protocol = printf "sasl_%s" $protocol }}
{{- $_ := set $client "sasl.mechanism" .mechanism }}
{{- $_ := set $client "sasl.username" .username }}
{{- $_ := set $files "sasl.password" "/run/secrets/tidvakt/sasl/password" }}
{{- end }}
{{- end }}
{{- with $kafka.tls }}
{{- if and .enabled .existingSecret }}
{{- $_ := set $client "ssl.ca.location" "/run/secrets/tidvakt/ca/ca.crt" }}
{{- end }}
{{- if and .enabled .clientExistingSecret }}
{{- $_ := set $client "ssl.certificate.location" "/run/secrets/tidvakt/client/tls.crt" }}
{{- $_ := set $client "ssl.key.location" "/run/secrets/tidvakt/client/tls.key" }}
{{- end }}
{{- end }}
{{- $_ := set $client "security.protocol" $protocol }}
{{- /* Who turns encryption off means it. */}}
{{- $insecure := dict }}
{{- if not $kafka.tls.enabled }}{{ $_ := set $insecure "insecure" true }}{{ end }}
{{- $own := dict "kafka" (merge (dict "client" $client "secret_files" $files) $insecure) "http" (dict "listen" "0.0.0.0:9464") }}
{{- toYaml (mergeOverwrite $given $own) }}
{{- end }}

{{- /* A map as TOML: values before sections, all names in quotes. Helm's own toToml writes whole numbers as 100.0. */}}
{{- define "tidvakt.toml" -}}
{{- $path := .path }}
{{- $inner := dict }}
{{- range $name, $value := .table }}
{{- if kindIs "map" $value }}{{ $_ := set $inner $name $value }}
{{- else }}
{{ toJson $name }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{- range $name, $table := $inner }}
{{- $below := ternary (toJson $name) (printf "%s.%s" $path (toJson $name)) (empty $path) }}

[{{ $below }}]
{{- include "tidvakt.toml" (dict "path" $below "table" $table) }}
{{- end }}
{{- end }}

{{- /* What every container of the program has: image, rights, settings, secrets. */}}
{{- define "tidvakt.container" -}}
image: {{ include "tidvakt.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: {{ .Values.runAsUser }}
  runAsGroup: {{ .Values.runAsUser }}
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "tidvakt.secretMounts" -}}
- name: settings
  mountPath: /etc/tidvakt
  readOnly: true
{{- if .Values.kafka.sasl.enabled }}
- name: sasl
  mountPath: /run/secrets/tidvakt/sasl
  readOnly: true
{{- end }}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.existingSecret }}
- name: ca
  mountPath: /run/secrets/tidvakt/ca
  readOnly: true
{{- end }}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.clientExistingSecret }}
- name: client
  mountPath: /run/secrets/tidvakt/client
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Owner and group may read secrets: the group is the pod's own. */}}
{{- define "tidvakt.volumes" -}}
- name: settings
  configMap:
    name: {{ include "tidvakt.fullname" . }}
{{- with .Values.kafka.sasl }}
{{- if .enabled }}
- name: sasl
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .passwordKey }}
        path: password
{{- end }}
{{- end }}
{{- with .Values.kafka.tls }}
{{- if and .enabled .existingSecret }}
- name: ca
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .caKey }}
        path: ca.crt
{{- end }}
{{- if and .enabled .clientExistingSecret }}
- name: client
  secret:
    secretName: {{ .clientExistingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .clientCertKey }}
        path: tls.crt
      - key: {{ .clientPrivateKeyKey }}
        path: tls.key
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "tidvakt.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.runAsUser }}
runAsGroup: {{ .Values.runAsUser }}
fsGroup: {{ .Values.runAsUser }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}
