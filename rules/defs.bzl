"""The public API: load everything from here."""

load("//rules:software_update_attachment.bzl", _software_update_attachment = "software_update_attachment")
load("//rules:software_update_bundle.bzl", _software_update_bundle = "software_update_bundle")
load("//rules:software_update_bundle_test.bzl", _software_update_bundle_test = "software_update_bundle_test")
load("//rules:software_update_component.bzl", _software_update_component = "software_update_component")
load("//rules:software_update_device_image.bzl", _software_update_device_image = "software_update_device_image")
load("//rules:software_update_device_limits.bzl", _software_update_device_limits = "software_update_device_limits")
load("//rules:software_update_device_test.bzl", _software_update_device_test = "software_update_device_test")
load("//rules:software_update_diff.bzl", _software_update_diff = "software_update_diff")
load("//rules:software_update_expiry_test.bzl", _software_update_expiry_test = "software_update_expiry_test")
load("//rules:software_update_fleet_test.bzl", _software_update_fleet_test = "software_update_fleet_test")
load("//rules:software_update_personalized_bundle.bzl", _software_update_personalized_bundle = "software_update_personalized_bundle")
load("//rules:software_update_promotion.bzl", _software_update_promotion = "software_update_promotion")
load("//rules:software_update_release_manifest.bzl", _software_update_release_manifest = "software_update_release_manifest")
load("//rules:software_update_release_page.bzl", _software_update_release_page = "software_update_release_page")
load("//rules:software_update_repository.bzl", _software_update_repository = "software_update_repository")
load("//rules:software_update_root.bzl", _software_update_root = "software_update_root")
load("//rules:software_update_sbom.bzl", _software_update_sbom = "software_update_sbom")
load("//rules:software_update_signing_requests.bzl", _software_update_signing_requests = "software_update_signing_requests")
load("//rules/providers:software_update_bundle_info.bzl", _SoftwareUpdateBundleInfo = "SoftwareUpdateBundleInfo")
load("//rules/providers:software_update_component_info.bzl", _SoftwareUpdateComponentInfo = "SoftwareUpdateComponentInfo")
load("//rules/providers:software_update_root_info.bzl", _SoftwareUpdateRootInfo = "SoftwareUpdateRootInfo")

software_update_attachment = _software_update_attachment
software_update_bundle = _software_update_bundle
software_update_bundle_test = _software_update_bundle_test
software_update_component = _software_update_component
software_update_device_image = _software_update_device_image
software_update_device_limits = _software_update_device_limits
software_update_device_test = _software_update_device_test
software_update_diff = _software_update_diff
software_update_expiry_test = _software_update_expiry_test
software_update_fleet_test = _software_update_fleet_test
software_update_personalized_bundle = _software_update_personalized_bundle
software_update_promotion = _software_update_promotion
software_update_release_manifest = _software_update_release_manifest
software_update_release_page = _software_update_release_page
software_update_repository = _software_update_repository
software_update_root = _software_update_root
software_update_sbom = _software_update_sbom
software_update_signing_requests = _software_update_signing_requests

SoftwareUpdateBundleInfo = _SoftwareUpdateBundleInfo
SoftwareUpdateComponentInfo = _SoftwareUpdateComponentInfo
SoftwareUpdateRootInfo = _SoftwareUpdateRootInfo
