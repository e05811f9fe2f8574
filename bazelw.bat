@echo off
echo bazelw: on Windows, install Bazelisk (github.com/bazelbuild/bazelisk) and run "bazelisk %*" 1>&2
exit /b 1
