"""Where weir differs on purpose, or what no two runs have alike. README.md has the list in words."""
import re

SOURCES = "(HelmChart|HelmRepository|GitRepository|OCIRepository|Bucket)"


def both_counted(flux, weir):
    return isinstance(flux, int) and isinstance(weir, int) and min(flux, weir) > 0


def only_flux_waits(flux, weir):
    return weir == "<absent>" and "DependencyNotReady" in str(flux)


def only_flux_cancels(flux, weir):
    return weir == "<absent>" and "HealthCheckCanceled" in str(flux)


def only_in_flux(flux, weir):
    return weir == "<absent>"


def of_new_revision(flux, weir):
    return isinstance(flux, str) and flux.startswith("building artifact: new revision ")


# ("MODULE.SCENARIO", the beginning of the path, why[, a function of both values]): regular expressions, the first of the whole name.
KNOWN = [
    (r"helm_.*", r"/(events|kubernetesEvents)/%s/" % SOURCES, "what sources tell is compared by their own scenarios"),
    (r"helm_.*", r"/objects/%s/[^/]*/[^/]*/status" % SOURCES, "the status of sources is compared by their own scenarios"),
    (r"helm_.*", r"/objects/HelmRelease/[^/]*/[^/]*/status/failures$", "how often it was tried in the meantime", both_counted),
    (r"helm_.*", r"/(events|kubernetesEvents)/HelmRelease/", "told to cancel, Flux ends a wait for whatever asks for another pass", only_flux_cancels),
    (r"helm_basic.depends_on.*", r"/(events|kubernetesEvents)/HelmRelease/", "weir is woken by its dependency and does not ask meanwhile", only_flux_waits),
    (r"helm_options\.crds_created", "/objects/CustomResourceDefinition/", "Create adds what is missing; Flux changes what is there, against its own documentation"),
    (r"helm_options\.crds_with_others", ".*/status/inventory/entries", "what is never applied is in no inventory"),
    (r"helm_(failing|more)\.(helm_uninstalls_by_hand_keeping|stuck_unknown|stuck_uninstalling)", "", "a release that nothing of is deployed is upgraded; Flux fails for good"),
    (r"helm_options\.names_and_namespaces", "/objects/ConfigMap/names-and-namespaces-target/other-settings", "no object is left behind when a release moves back"),
    (r"helm_(options|more)\.preserve_values.*", ".*/status/lastAttemptedConfigDigest", "that of what is released, or every pass would be an upgrade, as in Flux"),
    (r"helm_(options|more)\.(impersonation|kube_config_used)", ".*/status/(lastAttempted\w+|storageNamespace)$", "what was attempted is told once the state is known", only_in_flux),
    (r"helm_more\.kube_config_used", "/objects/Secret/[^/]*/(there|yaml|odd)/data", "the kubeconfig of the world's own cluster"),
    (r"helm_(options|more)\.kube_config_(missing|of_map)", ".*/status/conditions/Ready/message", "a kubeconfig or ConfigMap that cannot be used is told of in words of weir's own"),
    (r"helm_options\.health_checks", ".*(message|description)", "why an expression could not be evaluated is not told"),
    (r"helm_more\.health_check_cancelled", "", "what was cancelled is upgraded, not uninstalled first"),
    (r"helm_more\.artifact_is_no_chart", ".*message", "what an archive is that is none, in weir's own words"),
    (r"helm_more\.services_and_volumes", ".*/nodePort$", "given by chance"),
    (r"sources_[a-z]+\.sources_(verify_|oci_verify_).*", "", "spec.verify is not supported, and refused"),
    (r"sources_[a-z]+\.sources_index_(odd_entries|wrong_field)", "", "an index with a field of another name or type is taken without it"),
    (r"sources_[a-z]+\.sources_oci_.*", ".*/status/conditions/Reconciling/message", "the revision of a pull that fails is in Ready's text, not here", of_new_revision),
    (r"sources_[a-z]+\.sources_oci_charts", ".*OCIRepository/(sources-oci-charts/)?exact", "an exact tag of a chart may have its plus sign"),
    (r"sources_[a-z]+\.sources_url_user", ".*vents/HelmRepository/charts", "no login is told"),
    (r"sources_[a-z]+\.sources_values_all_ignored", ".*/status/conditions/(ArtifactInStorage|Ready)/message", "Flux names the files that are missing once it looks again"),
    (r"sources_[a-z]+\.sources_repository_deleted", "/kubernetesEvents/HelmChart", "whether a chart was looked at while its source was being made"),
    (r"sources_git\.sources_git_(missing|unreachable|lost|references_missing)", ".*message", "what a Git server answers, or that nobody does, is told in other words"),
    (r"sources_[a-z]+\.sources_git_not_ready", ".*GitRepository/(sources-git-not-ready/)?app", "what a Git server answers is told in other words"),
    (r"sources_[a-z]+\.sources_bucket_keys_(collide|same)", "", "two objects at one path are refused, where Flux fails or takes one of them"),
    (r"sources_[a-z]+\.sources_bucket_list_html", "", "an answer that is no listing is refused, where Flux takes it for one of an empty bucket"),
    (r"sources_[a-z]+\.sources_bucket_list_empty", ".*/message", "an answer without a listing is told in words of weir's own"),
    (r"sources_[a-z]+\.sources_bucket_(plain_by_tls|tls_by_plain)", ".*/message", "a server of another protocol is told in words of weir's own"),
    (r"sources_[a-z]+\.sources_bucket_changes", "/kubernetesEvents/Bucket/app.*/annotations/source.toolkit.fluxcd.io/revision", "Kubernetes' recorder counts up an event of the same words"),
]


def why(scenario, path, flux, weir):
    for row in KNOWN:
        name, where, reason = row[:3]
        holds = row[3] if len(row) > 3 else None
        if re.fullmatch(name, scenario) and re.match(where, path) and (holds is None or holds(flux, weir)):
            return reason
    return None
