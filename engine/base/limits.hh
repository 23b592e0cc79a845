// Every cap of weir in one place, each with its arithmetic. Hitting one is Code::limit with a
// message that names the cap; nothing is ever silently cut.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::base::limits {

// Documents. The largest CRDs in use nest about 60 deep; Kubernetes refuses JSON past 10,000.
inline constexpr std::size_t value_depth_max = 512;
// An API server takes objects of 1.5 MiB (about 100k nodes); a whole rendered fleet is far below
// 50M.
inline constexpr std::size_t value_nodes_max = 20'000'000;
// YAML aliases: nodes made by expansion, beyond those written. kube-prometheus uses none, Helm
// values some.
inline constexpr std::size_t yaml_alias_nodes_max = 1'000'000;
inline constexpr std::size_t yaml_bytes_max = 256u << 20;
inline constexpr std::size_t json_bytes_max = 256u << 20;

// Files and trees. A Git file over 64 MiB is no manifest; 1M files is ten times the largest fleet
// seen.
inline constexpr std::size_t file_bytes_max = 64u << 20;
inline constexpr std::size_t tree_files_max = 1'000'000;
inline constexpr std::size_t tree_bytes_max = 2ull << 30;
inline constexpr std::size_t path_bytes_max = 4096;

// Submodules of one repository, and how deep they may nest: ten times the largest seen.
inline constexpr std::size_t git_submodules_max = 1'000;
inline constexpr std::size_t git_submodule_depth_max = 10;

// Kustomize: directories a build may enter, and how deep bases may nest.
inline constexpr std::size_t kustomize_directories_max = 100'000;
inline constexpr std::size_t kustomize_depth_max = 200;
inline constexpr std::size_t kustomize_resources_max = 1'000'000;

// Helm. Bytes as Helm caps a chart; the largest chart seen has some 2,000 files and charts five
// deep. Values: a document's depth twice over, since tables can be set below tables.
inline constexpr std::size_t helm_chart_bytes_max = 100u << 20;
inline constexpr std::size_t helm_chart_file_bytes_max = 5u << 20;
inline constexpr std::size_t helm_chart_files_max = 100'000;
inline constexpr std::size_t helm_chart_depth_max = 64;
inline constexpr std::size_t helm_charts_max = 10'000;
inline constexpr std::size_t helm_values_depth_max = 1024;
// Schemas applied to values, and items compared. A step takes up to a microsecond, so a hostile
// schema ends within seconds.
inline constexpr std::size_t helm_schema_steps_max = 2'000'000;
// Documents that schemas of one render refer to by URL: that of every kind of Kubernetes has 2 MB.
// One request takes as long as Helm waits; a tree of values is some ten times its text.
inline constexpr std::size_t helm_schema_document_bytes_max = 8u << 20;
inline constexpr std::size_t helm_schema_all_bytes_max = 32u << 20;
inline constexpr std::size_t helm_schema_documents_max = 100;
inline constexpr std::int64_t helm_schema_request_seconds_max = 15;
inline constexpr std::int64_t helm_schema_all_seconds_max = 60;
// Helm's own: --set indexes, nested names, and a template that includes itself.
inline constexpr std::size_t helm_set_index_max = 65'536;
inline constexpr std::size_t helm_set_depth_max = 30;
inline constexpr std::size_t helm_include_depth_max = 1000;
// A release's record unpacked: its Secret holds 1 MiB at most, JSON packs to a tenth or less.
inline constexpr std::size_t helm_release_bytes_max = 64u << 20;

// Expressions (CEL, envsubst, JSONPath): evaluation steps and text produced.
inline constexpr std::size_t expression_steps_max = 1'000'000;
inline constexpr std::size_t expression_depth_max = 250;
inline constexpr std::size_t substitution_bytes_max = 64u << 20;

// Templates. The largest charts known take some 3M steps and 20 MB of text, the partial results of
// nested includes counted each time. A step costs about 50 ns, so a hostile chart ends in seconds;
// its text, held about one and a half times over, in under 200 MiB.
inline constexpr std::uint64_t template_steps_max = 100'000'000;
inline constexpr std::uint64_t template_bytes_max = 128u << 20;
inline constexpr std::int64_t template_seconds_max = 60;
// Lists in lists; documents stop at value_depth_max already.
inline constexpr std::size_t template_value_depth_max = 1000;
// The part of a thread's stack (8 MiB) that recursive templates may fill: some thousand includes.
inline constexpr std::size_t template_stack_bytes_max = 4u << 20;

// HTTP. Kubernetes list pages of 500 objects of 1.5 MiB would be 750 MiB; real pages stay below 64.
inline constexpr std::size_t http_header_bytes_max = 64u << 10;
inline constexpr std::size_t http_body_bytes_max = 256u << 20;
// What a client may send the embedded API: kube-apiserver's own limit.
inline constexpr std::size_t http_request_bytes_max = 3u << 20;
inline constexpr std::size_t http_redirects_max = 10;
// One event of a watch: an object of at most 1.5 MiB, its JSON escaped and with managed fields.
inline constexpr std::size_t watch_line_bytes_max = 16u << 20;

// An artifact of another controller: packed, as large as the largest tree unpacked.
inline constexpr std::size_t artifact_download_bytes_max = 512u << 20;

// OCI. A manifest is capped at 4 MiB by registries themselves; a layer of manifests is a few MiB, a
// chart 10 MiB. Tags: the busiest public image has some 100k.
inline constexpr std::size_t oci_manifest_bytes_max = 4u << 20;
inline constexpr std::size_t oci_layer_bytes_max = 256u << 20;
inline constexpr std::size_t oci_tags_max = 1'000'000;

// Helm repositories: the largest public index is 60 MB; it is read in pieces, one entry at a time.
inline constexpr std::size_t helm_index_bytes_max = 512u << 20;
inline constexpr std::size_t helm_index_entry_bytes_max = 4u << 20;
// One that cannot be read in pieces is a tree of values, some ten times its text.
inline constexpr std::size_t helm_index_whole_bytes_max = 32u << 20;
inline constexpr std::size_t helm_package_bytes_max = 100u << 20;

// Git. The Linux kernel's whole history is 5 GiB and no GitOps repository; GitHub's busiest have
// some 100k references.
inline constexpr std::size_t git_pack_bytes_max = 4ull << 30;
inline constexpr std::size_t git_references_max = 1'000'000;

// Versions and ranges, as Masterminds/semver v3 caps them: no real one comes near.
inline constexpr std::size_t version_bytes_max = 256;
inline constexpr std::size_t version_range_bytes_max = 512;
inline constexpr std::size_t version_range_groups_max = 32;

// Ignore rules: lines of one tree in all. The longest .sourceignore seen has some 200.
inline constexpr std::size_t ignore_patterns_max = 100'000;

// Event log. One event's payload above this goes to a blob; a batch is one RocksDB write.
inline constexpr std::size_t event_data_bytes_max = 1u << 20;
// A blob holds one manifest or one rendered set: as much as one YAML stream may hold.
inline constexpr std::size_t blob_bytes_max = 256u << 20;
inline constexpr std::size_t event_batch_max = 1024;
inline constexpr std::size_t queue_events_max = 65'536;

// Status text: Kubernetes' conditions hold 32,768 characters.
inline constexpr std::size_t condition_message_max = 32'768;
inline constexpr std::size_t event_message_max = 39'000;
inline constexpr std::size_t status_history_max = 5;

}  // namespace weir::base::limits
