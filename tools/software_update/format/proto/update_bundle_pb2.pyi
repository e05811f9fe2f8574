from software_update.format.proto import tuf_pb2 as _tuf_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpdateBundle(_message.Message):
    __slots__ = ("timestamp_metadata", "snapshot_metadata", "targets_metadata", "target_payloads", "root_metadata", "root_chain")
    class TargetsMetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _tuf_pb2.SignedTargetsMetadata
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_tuf_pb2.SignedTargetsMetadata, _Mapping]] = ...) -> None: ...
    class TargetPayloadsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    TIMESTAMP_METADATA_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_METADATA_FIELD_NUMBER: _ClassVar[int]
    TARGETS_METADATA_FIELD_NUMBER: _ClassVar[int]
    TARGET_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    ROOT_METADATA_FIELD_NUMBER: _ClassVar[int]
    ROOT_CHAIN_FIELD_NUMBER: _ClassVar[int]
    timestamp_metadata: _tuf_pb2.SignedTimestampMetadata
    snapshot_metadata: _tuf_pb2.SignedSnapshotMetadata
    targets_metadata: _containers.MessageMap[str, _tuf_pb2.SignedTargetsMetadata]
    target_payloads: _containers.ScalarMap[str, bytes]
    root_metadata: _tuf_pb2.SignedRootMetadata
    root_chain: _containers.RepeatedCompositeFieldContainer[_tuf_pb2.SignedRootMetadata]
    def __init__(self, timestamp_metadata: _Optional[_Union[_tuf_pb2.SignedTimestampMetadata, _Mapping]] = ..., snapshot_metadata: _Optional[_Union[_tuf_pb2.SignedSnapshotMetadata, _Mapping]] = ..., targets_metadata: _Optional[_Mapping[str, _tuf_pb2.SignedTargetsMetadata]] = ..., target_payloads: _Optional[_Mapping[str, bytes]] = ..., root_metadata: _Optional[_Union[_tuf_pb2.SignedRootMetadata, _Mapping]] = ..., root_chain: _Optional[_Iterable[_Union[_tuf_pb2.SignedRootMetadata, _Mapping]]] = ...) -> None: ...

class Manifest(_message.Message):
    __slots__ = ("targets_metadata", "user_manifest", "root_version", "root_sha256")
    class TargetsMetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _tuf_pb2.TargetsMetadata
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_tuf_pb2.TargetsMetadata, _Mapping]] = ...) -> None: ...
    TARGETS_METADATA_FIELD_NUMBER: _ClassVar[int]
    USER_MANIFEST_FIELD_NUMBER: _ClassVar[int]
    ROOT_VERSION_FIELD_NUMBER: _ClassVar[int]
    ROOT_SHA256_FIELD_NUMBER: _ClassVar[int]
    targets_metadata: _containers.MessageMap[str, _tuf_pb2.TargetsMetadata]
    user_manifest: bytes
    root_version: int
    root_sha256: bytes
    def __init__(self, targets_metadata: _Optional[_Mapping[str, _tuf_pb2.TargetsMetadata]] = ..., user_manifest: _Optional[bytes] = ..., root_version: _Optional[int] = ..., root_sha256: _Optional[bytes] = ...) -> None: ...
