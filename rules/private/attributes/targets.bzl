"""The attribute `targets`: from labels to target names and files."""

load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/private/checks:folder.bzl", "folder_error")
load("//rules/private/checks:target_name.bzl", "prefix_error", "target_name_error")

visibility("//rules/...")

def collect_payloads(label, targets, *, strip_prefix = {}, may_be_empty = False):
    """Returns the files of the attribute `targets` with their target names.

    Args:
      label: The bundle's Label, for errors.
      targets: The attribute: a dict from target name or prefix to Target.
      strip_prefix: The attribute: a dict from a prefix to the folder that its target names leave out.
      may_be_empty: A bool: whether the bundle has targets besides these.

    Returns:
      A dict with the same keys. Each value is a list of structs of `name` and `file`. If `file` is a directory,
      `name` is the prefix of the files in it.
    """
    if not targets and not may_be_empty:
        refuse(label, "targets", targets, "a bundle must contain a target; write at least one target name and its label")
    _check_strip_prefix(label, targets, strip_prefix)
    payloads = {}
    for key, target in targets.items():
        attribute = "targets[%s]" % repr(key)

        # A list, because names contain the paths of files, and the rule checks them now.
        files = target[DefaultInfo].files.to_list()
        if _is_prefix(key):
            payloads[key] = _below_prefix(label, attribute, key, display(target.label), files, strip_prefix.get(key))
        else:
            payloads[key] = [_single(label, attribute, key, display(target.label), files)]
    _check_distinct(label, payloads)
    return payloads

def _is_prefix(key):
    return not key or key.endswith("/")

def _check_strip_prefix(label, targets, strip_prefix):
    for key, folder in strip_prefix.items():
        attribute = "strip_prefix[%s]" % repr(key)
        if key not in targets or not _is_prefix(key):
            refuse(label, attribute, folder, "this is not a prefix in targets; write a key of targets that is empty or ends in /")
        if folder_error(folder):
            refuse(label, attribute, folder, "write the path of a folder below the package of the files, such as \"gen/assets\"")

def _single(label, attribute, key, source, files):
    problem = target_name_error(key)
    if problem:
        refuse(label, attribute, source, problem)
    if len(files) != 1:
        refuse(label, attribute, source, "the label gives %d files; write a label that gives 1 file, or end the key in / to put all files under it" % len(files))
    if files[0].is_directory:
        refuse(label, attribute, source, "the label gives a directory; end the key in / to put its files under it")
    return struct(name = key, file = files[0])

def _below_prefix(label, attribute, prefix, source, files, folder):
    problem = prefix_error(prefix)
    if problem:
        refuse(label, attribute, source, problem)
    if not files:
        refuse(label, attribute, source, "the label gives 0 files; write a label that gives at least 1 file")
    payloads = []
    for file in files:
        if file.is_directory:
            if folder:
                refuse(label, "strip_prefix[%s]" % repr(prefix), folder, "%s is a directory, whose files have the names below it already; remove this entry" % file.short_path)
            payloads.append(struct(name = prefix, file = file))
            continue
        path = _path_below_package(file)
        if folder:
            if not path.startswith(folder + "/"):
                refuse(label, "strip_prefix[%s]" % repr(prefix), folder, "the file %s is not below this folder of its package; write a folder with all files of the label" % file.short_path)
            name = prefix + path.removeprefix(folder + "/")
        else:
            name = path if path.startswith(prefix) else prefix + path
        problem = target_name_error(name)
        if problem:
            refuse(label, attribute, source, "its file %s would become the target %s: %s" % (file.short_path, repr(name), problem))
        payloads.append(struct(name = name, file = file))
    return payloads

def _path_below_package(file):
    path = file.short_path
    if path.startswith("../"):
        # A file of another repository: ../REPOSITORY/PACKAGE/PATH.
        path = path.split("/", 2)[2]
    return path.removeprefix(file.owner.package + "/")

def _check_distinct(label, payloads):
    # Not the files in directories: the action that makes the metadata checks those.
    seen = {}
    for key, entries in payloads.items():
        for entry in entries:
            if entry.file.is_directory:
                continue
            other = seen.get(entry.name.lower())
            if other:
                how = "appears twice" if other.name == entry.name else "differs from %s only in case" % repr(other.name)
                refuse(
                    label,
                    "targets[%s]" % repr(key),
                    entry.file.short_path,
                    "the target name %s %s (%s); rename one of them" % (repr(entry.name), how, other.file.short_path),
                )
            seen[entry.name.lower()] = entry
