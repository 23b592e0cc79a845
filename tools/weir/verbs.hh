// Every verb of the program, one function each: argv[0] is the verb; the result is the exit code.
#pragma once

namespace weir::cli {

int run_audit(int argc, char** argv);
int run_audit_export(int argc, char** argv);
int run_backup(int argc, char** argv);
int run_blame(int argc, char** argv);
int run_build(int argc, char** argv);
int run_check(int argc, char** argv);
int run_create(int argc, char** argv);
int run_delete(int argc, char** argv);
int run_debug(int argc, char** argv);
int run_diff(int argc, char** argv);
int run_diff_kustomization(int argc, char** argv);
int run_diff_release(int argc, char** argv);
int run_diff_artifact(int argc, char** argv);
int run_events(int argc, char** argv);
int run_export(int argc, char** argv);
int run_get(int argc, char** argv);
int run_history(int argc, char** argv);
int run_install(int argc, char** argv);
int run_kube(int argc, char** argv);
int run_kustomize(int argc, char** argv);
int run_ledger(int argc, char** argv);
int run_list(int argc, char** argv);
int run_preview(int argc, char** argv);
int run_prove(int argc, char** argv);
int run_pull(int argc, char** argv);
int run_push(int argc, char** argv);
int run_logs(int argc, char** argv);
int run_reconcile(int argc, char** argv);
int run_repair(int argc, char** argv);
int run_restore(int argc, char** argv);
int run_replay(int argc, char** argv);
int run_resume(int argc, char** argv);
int run_rollback(int argc, char** argv);
int run_run(int argc, char** argv);
int run_show(int argc, char** argv);
int run_state(int argc, char** argv);
int run_suspend(int argc, char** argv);
int run_tag(int argc, char** argv);
int run_trace(int argc, char** argv);
int run_template(int argc, char** argv);
int run_tree(int argc, char** argv);
int run_release(int argc, char** argv);
int run_undo(int argc, char** argv);
int run_unpin(int argc, char** argv);
int run_up(int argc, char** argv);
int run_verify(int argc, char** argv);
int run_version(int argc, char** argv);
int run_why(int argc, char** argv);

}  // namespace weir::cli
