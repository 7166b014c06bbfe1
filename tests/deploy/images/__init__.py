"""The golden images of deploy/images: Packer, and a component of EC2 Image Builder."""
